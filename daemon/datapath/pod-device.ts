import type { Endpoint } from '../../conf/api/types.ts';
import type { Rtnetlink } from '../../native/index.ts';

/** What differs between the host side of a pod's pair and its record, one sentence each. */
export async function deviceProblems(rtnl: Rtnetlink, { hostIfindex, hostIfname, hostMac }: Endpoint): Promise<string[]> {
  const link = await rtnl.links.find(hostIfindex);
  if (link === undefined) return [`device ${hostIfname} is gone`];
  const problems: string[] = [];
  if (link.name !== hostIfname) problems.push(`device ${hostIfindex} is called ${link.name}, not ${hostIfname}`);
  if (link.mac !== hostMac) problems.push(`device ${hostIfname} has mac ${link.mac}, not ${hostMac}`);
  if (!link.up) problems.push(`device ${hostIfname} is down`);
  return problems;
}
