import type { Endpoint } from '../../conf/api/types.ts';
import { interfaceAt } from '../../native/index.ts';

/** What differs between the host side of a pod's pair and its record, one sentence each. */
export function deviceProblems({ hostIfindex, hostIfname, hostMac }: Endpoint): string[] {
  const link = interfaceAt(hostIfindex);
  if (link === undefined) return [`device ${hostIfname} is gone`];
  const problems: string[] = [];
  if (link.name !== hostIfname) problems.push(`device ${hostIfindex} is called ${link.name}, not ${hostIfname}`);
  if (link.mac !== hostMac) problems.push(`device ${hostIfname} has mac ${link.mac}, not ${hostMac}`);
  if (!link.up) problems.push(`device ${hostIfname} is down`);
  return problems;
}
