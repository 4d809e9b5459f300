import type { CheckReport, Endpoint } from '../../conf/api/types.ts';
import { CniError } from '../../conf/cni/errors.ts';
import type { CniInterface, CniResult, CniRoute } from '../../conf/cni/types.ts';
import type { Observation, ObservedHook, ObservedInterface, ObservedRoute, PluginCall, Tools } from '../types.ts';

/** CHECK: is all of it still there, as ADD's result says, as the kernel has it and as the daemon remembers it? Every problem is told at once. */
export async function check(call: PluginCall, { agent, host, delegates }: Tools): Promise<void> {
  const { invocation, conf } = call;
  const { prevResult } = conf;
  if (!prevResult) throw new CniError('invalid-config', 'read prevResult: CHECK needs the result of ADD');
  using pod = await host.openPod(invocation.netns, invocation.allowOwnNetns);
  const report = await agent.checkEndpoint({ ...invocation, netnsIdentity: pod.identity });
  const name = `${invocation.containerId}/${invocation.ifname}`;
  if (!report) throw new CniError('unknown-container', `check attachment ${name}: no such attachment on this node`);
  const observation = await host.observe(report.endpoint, pod);
  const problems = [...new Set([...findProblems(prevResult, report, observation, pod.path), ...report.problems])];
  const [first, ...more] = problems;
  if (first === undefined) {
    if (conf.delegate !== undefined) await delegates.run(conf.delegate, 'CHECK', call);
    return;
  }
  const rest = more.length > 0 ? ` (and ${more.length} more)` : '';
  throw new CniError('attachment-broken', `check attachment ${name}: ${first}${rest}`, { details: problems.join('\n') });
}

/** What differs, one sentence each, between ADD's result and the kernel. */
export function findProblems(result: CniResult, report: CheckReport, seen: Observation, netns: string): string[] {
  const { ifname, hostIfname, hostMac, mtu } = report.endpoint;
  const index = result.interfaces.findIndex((one) => one.name === ifname && one.sandbox === netns);
  const wanted = result.interfaces[index];
  if (!wanted) return [`prevResult has no interface ${ifname} in ${netns}`];
  return [
    ...interfaceProblems({ mtu, ...wanted }, seen.container, `interface ${ifname}`),
    ...interfaceProblems({ name: hostIfname, mac: hostMac, mtu }, seen.host, `host device ${hostIfname}`),
    ...addressProblems(result, index, seen.container),
    ...(seen.container ? routeProblems(result, seen, ifname) : []),
    ...ruleProblems(report.endpoint, seen),
    ...hookProblems(seen.ingress, seen.host, 'ingress'),
    ...hookProblems(seen.egress, seen.host, 'egress'),
  ];
}

function interfaceProblems(wanted: CniInterface, seen: ObservedInterface | undefined, what: string): string[] {
  if (!seen) return [`${what} is gone`];
  const problems: string[] = [];
  if (!seen.up) problems.push(`${what} is down`);
  if (wanted.mac !== undefined && wanted.mac.toLowerCase() !== seen.mac) problems.push(`${what} has MAC ${seen.mac}, not ${wanted.mac}`);
  if (wanted.mtu !== undefined && wanted.mtu !== seen.mtu) problems.push(`${what} has MTU ${seen.mtu}, not ${wanted.mtu}`);
  return problems;
}

function addressProblems(result: CniResult, index: number, seen: ObservedInterface | undefined): string[] {
  if (!seen) return [];
  const wanted = result.ips.filter((ip) => ip.interface === index).map((ip) => ip.address);
  return wanted.filter((address) => !seen.addresses.includes(address)).map((address) => `address ${address} is gone`);
}

/** A later plugin of the chain may have added routes through other interfaces: only a route that is nowhere is a problem. */
function routeProblems(result: CniResult, seen: Observation, ifname: string): string[] {
  return result.routes
    .filter((wanted) => !seen.routes.some((route) => isSame(wanted, route)))
    .map(({ dst, gw }) => `route ${dst}${gw === undefined ? '' : ` via ${gw}`} on ${ifname} is gone`);
}

/** Older versions of the protocol do not carry the table; then a route in any one will do. */
function isSame(wanted: CniRoute, { dst, gw, table }: ObservedRoute): boolean {
  if (dst !== wanted.dst || (wanted.gw !== undefined && wanted.gw !== gw)) return false;
  return wanted.table === undefined || wanted.table === table;
}

function ruleProblems({ table, ifname }: Endpoint, { ruleTables }: Observation): string[] {
  if (table === undefined || ruleTables.includes(table)) return [];
  return [`rule that leads packets of ${ifname} to table ${table} is gone`];
}

function hookProblems({ link, expectedProgramId }: ObservedHook, host: ObservedInterface | undefined, hook: string): string[] {
  if (!link) return [`${hook} program is gone or detached`];
  const what = `${hook} ${link.kind === 'clsact' ? 'filter' : 'link'}`;
  const problems: string[] = [];
  if (host && link.ifindex !== host.ifindex) problems.push(`${what} is on interface ${link.ifindex}, not ${host.ifindex}`);
  if (expectedProgramId === undefined) problems.push(`pinned program of ${hook} is gone`);
  else if (link.programId !== undefined && link.programId !== expectedProgramId)
    problems.push(`${what} holds program ${link.programId}, not ${expectedProgramId}`);
  return problems;
}
