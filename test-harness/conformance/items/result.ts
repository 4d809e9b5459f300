import type { ResultIp, ResultRoute } from '../../runtime/result.ts';
import { atLeast, KNOWN_VERSIONS } from '../../runtime/version.ts';
import { mustSucceed, outcomeOf, parseOutput } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import { canonical, containerInterface, hasRoute, kernelAddresses, listOf } from '../look.ts';
import { nullPaths, resultProblems } from '../schema.ts';
import { Deviation } from '../verdict.ts';

const about = { section: '5 Success', since: '0.1.0', verbs: ['ADD'] } as const;

/** What ADD prints, in every version that the plugin speaks. */
export const resultItems: readonly ConformanceItem[] = [
  ...KNOWN_VERSIONS.map(form),
  ...KNOWN_VERSIONS.filter((version) => atLeast(version, '0.3.0')).map(life),
  {
    ...about,
    id: 'result-only',
    section: '2 Overview',
    level: 'must',
    title: 'prints the result and nothing else to stdout',
    run: async (trial) => {
      const call = mustSucceed(await trial.call('ADD', await trial.pod()));
      if (parseOutput(call) === undefined) throw new Deviation(`stdout is not one JSON value: ${outcomeOf(call)}`);
    },
  },
  {
    ...about,
    id: 'result-nulls',
    level: 'practice',
    title: 'leaves out what has no value, and writes no null',
    run: async (trial) => {
      for (const version of trial.versions) {
        const paths = nullPaths((await trial.attach({ version })).result);
        if (paths.length > 0) throw new Deviation(`null in the result of version ${version}: ${paths.join(', ')}`);
      }
    },
  },
  {
    ...about,
    id: 'result-interface',
    since: '0.3.0',
    level: 'must',
    roles: ['interface'],
    title: 'lists CNI_IFNAME with CNI_NETNS, to the letter, as its sandbox',
    run: async (trial) => {
      containerInterface(await trial.attach());
      containerInterface(await trial.attach({ ifname: 'net1' }));
    },
  },
  {
    ...about,
    id: 'result-addresses-point',
    since: '0.3.0',
    level: 'should',
    roles: ['interface'],
    title: 'lets the addresses point at CNI_IFNAME',
    run: async (trial) => {
      const attached = await trial.attach();
      const { index } = containerInterface(attached);
      const wrong = listOf<ResultIp>(attached.result, 'ips').filter((ip) => ip.interface !== index);
      if (wrong.length > 0)
        throw new Deviation(
          `${attached.ifname} is interface ${index}, and ${wrong.map(({ address, interface: i }) => `${address} points at ${i}`)}`,
        );
    },
  },
  {
    ...about,
    id: 'result-true',
    since: '0.3.0',
    level: 'must',
    roles: ['interface'],
    title: 'tells the MAC and MTU, the addresses and routes that the container has',
    run: async (trial) => {
      const attached = await trial.attach();
      const untrue = [...(await untrueInterface(attached)), ...(await untrueAddresses(attached)), ...(await untrueRoutes(attached))];
      if (untrue.length > 0) throw new Deviation(untrue.join('; '));
    },
  },
  {
    ...about,
    id: 'result-abbreviated',
    section: '5 Delegated plugins (IPAM)',
    since: '0.3.0',
    level: 'must',
    roles: ['ipam'],
    title: 'gives addresses without interfaces and without an index of them',
    run: async (trial) => {
      const { result } = await trial.attach();
      if ('interfaces' in result) throw new Deviation(`the result has interfaces: ${JSON.stringify(result['interfaces'])}`);
      if (listOf<ResultIp>(result, 'ips').length === 0) throw new Deviation('the result has no ips');
      const pointing = listOf<ResultIp>(result, 'ips').filter((ip) => ip.interface !== undefined);
      if (pointing.length > 0) throw new Deviation(`${pointing.map((ip) => ip.address)} has an interface`);
    },
  },
];

function form(version: string): ConformanceItem {
  return {
    ...about,
    id: `result-${version}`,
    level: 'must',
    since: version,
    title: `prints a result in the form of version ${version} when asked in it`,
    run: async (trial) => {
      const problems = resultProblems((await trial.attach({ version: trial.needs(version) })).result, version);
      if (problems.length > 0) throw new Deviation(problems.join('; '));
    },
  };
}

/** A whole life in one version: what ADD printed in it comes back as prevResult. */
function life(version: string): ConformanceItem {
  const hasCheck = atLeast(version, '0.4.0');
  return {
    id: `life-${version}`,
    section: '3 Lifecycle & ordering',
    level: 'must',
    since: version,
    title: `${hasCheck ? 'passes CHECK and takes' : 'takes'} its own result back at DEL, in version ${version}`,
    verbs: hasCheck ? ['ADD', 'CHECK', 'DEL'] : ['ADD', 'DEL'],
    run: async (trial) => {
      const attached = await trial.attach({ version: trial.needs(version) });
      if (hasCheck) mustSucceed(await trial.again('CHECK', attached));
      await trial.detach(attached);
    },
  };
}

type Attached = Parameters<typeof containerInterface>[0];

async function untrueInterface(attached: Attached): Promise<string[]> {
  const { found } = containerInterface(attached);
  using netlink = await attached.pod.netlink();
  const link = await netlink.links.find(attached.ifname);
  if (link === undefined) return [`there is no interface ${attached.ifname}`];
  const problems: string[] = [];
  if (found.mac !== undefined && found.mac.toLowerCase() !== link.mac) problems.push(`MAC is ${link.mac}, not ${found.mac}`);
  if (found.mtu !== undefined && found.mtu !== link.mtu) problems.push(`MTU is ${link.mtu}, not ${found.mtu}`);
  if (!link.up) problems.push(`${attached.ifname} is down`);
  return problems;
}

async function untrueAddresses({ pod, ifname, result }: Attached): Promise<string[]> {
  const there = (await kernelAddresses(pod, ifname)).map(canonical);
  const wanted = listOf<ResultIp>(result, 'ips').map((ip) => ip.address);
  return wanted.filter((address) => !there.includes(canonical(address))).map((address) => `${ifname} has no address ${address}`);
}

async function untrueRoutes({ pod, result }: Attached): Promise<string[]> {
  const untrue: string[] = [];
  for (const route of listOf<ResultRoute>(result, 'routes')) {
    if (!(await hasRoute(pod, route))) untrue.push(`there is no route ${route.dst}${route.gw === undefined ? '' : ` via ${route.gw}`}`);
  }
  return untrue;
}
