import type { Pod } from '../../lab/pod.ts';
import { isObject, type Json } from '../../runtime/network.ts';
import type { ResultInterface, ResultIp } from '../../runtime/result.ts';
import { mustFail, mustSucceed, parseOutput, succeeded } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import { addressesOf, listOf, someAddress } from '../look.ts';
import type { RequestOptions } from '../request.ts';
import { lookAt, mustBecomeEqual, mustEqual } from '../snapshots.ts';
import type { Trial } from '../trial.ts';
import { Deviation, NotApplicable } from '../verdict.ts';

const about = { section: '2 ADD', since: '0.1.0', verbs: ['ADD'] } as const;

/** A request that ADD must refuse, and what is to be arranged for it. */
interface Refusal {
  readonly id: string;
  readonly when: string;
  readonly level: ConformanceItem['level'];
  readonly prepare: (pod: Pod, trial: Trial) => Promise<RequestOptions>;
}

const REFUSALS: readonly Refusal[] = [
  {
    id: 'ifname-exists',
    when: 'CNI_IFNAME exists in the namespace',
    level: 'must',
    prepare: async (pod) => {
      await pod.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'other']);
      return {};
    },
  },
  {
    id: 'netns-missing',
    when: 'CNI_NETNS does not exist',
    level: 'must',
    prepare: async () => ({ env: { CNI_NETNS: '/run/netns/none' } }),
  },
  {
    id: 'netns-no-namespace',
    when: 'CNI_NETNS is no network namespace',
    level: 'must',
    prepare: async () => ({ env: { CNI_NETNS: '/etc/hostname' } }),
  },
  {
    id: 'delegate-missing',
    when: 'the delegated plugin does not exist',
    level: 'must',
    prepare: async (_pod, trial) => {
      const { ipam } = trial.subject.config;
      if (!isObject(ipam) || typeof ipam['type'] !== 'string') throw new NotApplicable('the configuration delegates to nobody');
      return { config: { ipam: { ...ipam, type: 'no-such-plugin' } } };
    },
  },
];

export const addItems: readonly ConformanceItem[] = [
  ...REFUSALS.flatMap(refusals),
  {
    ...about,
    id: 'add-failed-then-del',
    level: 'must',
    since: '0.3.0',
    title: 'lets DEL succeed after an ADD that failed',
    verbs: ['ADD', 'DEL'],
    roles: ['interface'],
    run: async (trial) => {
      const pod = await trial.pod();
      await pod.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'other']);
      mustFail(await trial.call('ADD', pod), 'ADD of an interface that exists');
      mustSucceed(await trial.call('DEL', pod), 'DEL after the failed ADD');
    },
  },
  {
    ...about,
    id: 'add-two-ifnames',
    level: 'must',
    since: '0.3.0',
    roles: ['interface', 'ipam'],
    title: 'adds a container twice under different interface names, with different addresses',
    run: async (trial) => {
      const first = await trial.attach();
      const second = await trial.attach({ pod: first.pod, ifname: 'net1' });
      const shared = addressesOf(first.result).filter((address) => addressesOf(second.result).includes(address));
      if (shared.length > 0) throw new Deviation(`both interfaces have ${shared.join(', ')}`);
    },
  },
  {
    ...about,
    id: 'add-two-containers',
    level: 'must',
    roles: ['interface', 'ipam'],
    title: 'gives two containers different addresses',
    run: async (trial) => {
      const first = await trial.attach();
      const second = await trial.attach();
      if (someAddress(first) === someAddress(second)) throw new Deviation(`both containers have ${someAddress(first)}`);
    },
  },
  {
    ...about,
    id: 'add-prevresult-passed',
    level: 'must',
    since: '1.0.0',
    roles: ['interface'],
    title: 'passes on the interfaces and addresses of a prevResult, or refuses it with an error',
    run: async (trial) => {
      const pod = await trial.pod();
      const prevResult: Json = {
        cniVersion: trial.version,
        interfaces: [{ name: 'net0', mac: '02:00:00:00:00:01', sandbox: pod.netnsPath }],
        ips: [{ address: '192.0.2.7/24', interface: 0 }],
      };
      const call = await trial.call('ADD', pod, { prevResult });
      const result = parseOutput(call);
      if (!succeeded(call)) mustFail(call, 'ADD with a prevResult');
      else if (isObject(result)) await trial.call('DEL', pod, { prevResult: result });
      if (succeeded(call)) mustKeep(prevResult, isObject(result) ? result : {});
    },
  },
  {
    ...about,
    id: 'add-chain-passes',
    level: 'must',
    since: '0.3.0',
    roles: ['chained'],
    title: 'passes on the interfaces and addresses of the plugins before it',
    run: async (trial) => {
      const { call, result } = await trial.attach();
      const { prevResult } = JSON.parse(call.stdin) as { prevResult: Json };
      mustKeep(prevResult, result);
    },
  },
];

function refusals({ id, when, level, prepare }: Refusal): ConformanceItem[] {
  const roles = ['interface'] as const;
  return [
    {
      ...about,
      id: `add-${id}`,
      level,
      roles,
      title: `fails when ${when}`,
      run: async (trial) => {
        const pod = await trial.pod();
        const options = await prepare(pod, trial);
        const call = await trial.call('ADD', pod, options);
        if (call.result.code === 0) await trial.call('DEL', pod, options);
        mustFail(call, `ADD when ${when}`);
      },
    },
    {
      ...about,
      id: `add-${id}-leaves-nothing`,
      level: 'practice',
      roles,
      title: `changes nothing on node and container when ${when}`,
      run: async (trial) => {
        await trial.warmUp();
        const pod = await trial.pod();
        const options = await prepare(pod, trial);
        const before = { node: await trial.look(), pod: await lookAt(pod) };
        if ((await trial.call('ADD', pod, options)).result.code === 0) throw new NotApplicable('it does not fail');
        await mustBecomeEqual(before.node, () => trial.look(), 'the failed ADD left on the node');
        mustEqual(before.pod, await lookAt(pod), 'the failed ADD left in the container');
      },
    },
  ];
}

/** Deviation unless the result has each interface (by name and sandbox) and each address. */
function mustKeep(earlier: Json, result: Json): void {
  const interfaces = listOf<ResultInterface>(result, 'interfaces');
  const lost = [
    ...listOf<ResultInterface>(earlier, 'interfaces')
      .filter(({ name, sandbox }) => !interfaces.some((one) => one.name === name && (one.sandbox ?? '') === (sandbox ?? '')))
      .map(({ name }) => `interface ${name}`),
    ...listOf<ResultIp>(earlier, 'ips')
      .filter(({ address }) => !addressesOf(result).includes(address))
      .map(({ address }) => `address ${address}`),
  ];
  if (lost.length > 0) throw new Deviation(`the result has lost of prevResult: ${lost.join(', ')}`);
}
