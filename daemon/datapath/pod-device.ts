import type { Endpoint } from '../../conf/api/types.ts';
import { deviceAlias, isPodLinkKind } from '../../conf/names.ts';
import { interfaceAt, type Link } from '../../native/index.ts';

/** What differs between the host side of a pod's pair and its record, one sentence each. */
export function deviceProblems({ hostIfindex, hostIfname, hostMac, mtu, chained }: Endpoint): string[] {
  const link = interfaceAt(hostIfindex);
  if (link === undefined) return [`device ${hostIfname} is gone`];
  const problems: string[] = [];
  if (link.name !== hostIfname) problems.push(`device ${hostIfindex} is called ${link.name}, not ${hostIfname}`);
  if (link.mac !== hostMac) problems.push(`device ${hostIfname} has mac ${link.mac}, not ${hostMac}`);
  if (link.mtu !== mtu && chained !== true) problems.push(`device ${hostIfname} has MTU ${link.mtu}, not ${mtu}`);
  if (!link.up) problems.push(`device ${hostIfname} is down`);
  return problems;
}

/** An index alone may be another device's by now. */
export function isDeviceOf(link: Link, endpoint: Endpoint): boolean {
  return isPodLinkKind(link.kind) && (endpoint.chained === true || link.alias === deviceAlias(endpoint) || link.mac === endpoint.hostMac);
}
