import { isObject, type Json } from '../../runtime/network.ts';
import type { ResultIp } from '../../runtime/result.ts';
import { mustFail, mustFailWith, mustSucceed } from '../call.ts';
import { Delegate } from '../delegate.ts';
import type { ConformanceItem } from '../item.ts';
import { addressesOf, hasRoute, listOf, someAddress } from '../look.ts';
import { ipamTypeOf } from '../subject.ts';
import type { Trial } from '../trial.ts';
import { Deviation, NotApplicable } from '../verdict.ts';

const about = { section: '4 Plugin delegation', since: '0.3.0', roles: ['interface'] } as const;

/** How a plugin treats the IPAM plugin that its configuration names: one of the harness takes its place. */
export const delegationItems: readonly ConformanceItem[] = [
  {
    ...about,
    id: 'delegate-add',
    level: 'must',
    title: 'executes the delegate with its own environment and whole configuration, and gives the container its addresses',
    verbs: ['ADD'],
    run: withDelegate(async (trial, delegate) => {
      const args = 'IgnoreUnknown=1;COLOUR=green';
      const attached = await trial.attach(delegate.request({ env: { CNI_ARGS: args }, config: { args: { note: 'whole' } } }));
      const [call, ...more] = (await delegate.calls()).filter(({ command }) => command === 'ADD');
      if (call === undefined || more.length > 0) throw new Deviation(`the delegate had ${more.length + (call ? 1 : 0)} ADDs, not 1`);
      const { containerId, netnsPath } = attached.pod;
      const wanted = { containerId, netns: netnsPath, ifname: attached.ifname, args };
      for (const [key, value] of Object.entries(wanted))
        if (call[key as keyof typeof wanted] !== value)
          throw new Deviation(`the delegate's ${key} is ${call[key as keyof typeof wanted]}, not ${value}`);
      if (
        !isObject(call.config['args']) ||
        call.config['name'] !== trial.subject.networkName ||
        call.config['cniVersion'] !== trial.version
      )
        throw new Deviation(`the delegate's configuration is not the whole one: ${JSON.stringify(call.config)}`);
      const missing = delegate.addresses.filter((address) => !addressesOf(attached.result).includes(address));
      if (missing.length > 0) throw new Deviation(`the result has not the delegate's ${missing.join(', ')}`);
    }),
  },
  {
    ...about,
    id: 'delegate-del',
    level: 'must',
    title: 'passes DEL on to the delegate',
    verbs: ['DEL'],
    run: withDelegate(async (trial, delegate) => {
      const attached = await trial.attach(delegate.request());
      await trial.detach(attached, delegate.request());
      await mustHaveBeenAsked(delegate, 'DEL');
    }),
  },
  {
    ...about,
    id: 'delegate-del-netns-gone',
    section: '2 DEL',
    level: 'should',
    title: 'passes DEL on to the delegate when the namespace is gone, so that the address is free again',
    verbs: ['DEL'],
    run: withDelegate(async (trial, delegate) => {
      for (const netns of [undefined, '']) {
        const attached = await trial.attach(delegate.request());
        await trial.removePod(attached.pod);
        await trial.detach(attached, delegate.request({ env: netns === undefined ? {} : { CNI_NETNS: netns } }));
        await mustHaveBeenAsked(delegate, 'DEL', netns === '' ? 'with an empty CNI_NETNS' : 'with the path of a namespace that is gone');
      }
    }),
  },
  {
    ...about,
    id: 'delegate-add-fails',
    level: 'must',
    title: "fails when the delegate's ADD fails, in the delegate's words",
    verbs: ['ADD'],
    run: withDelegate(async (trial, delegate) => {
      await delegate.failAt('ADD');
      const pod = await trial.pod();
      const error = mustFail(await trial.call('ADD', pod, delegate.request()), 'ADD with a delegate that fails');
      if (!JSON.stringify(error).includes('told to fail')) throw new Deviation(`the error does not say why: ${error.msg}`);
    }),
  },
  {
    ...about,
    id: 'delegate-del-after-delegate-failed',
    level: 'should',
    since: '1.0.0',
    title: "executes the delegate's DEL when the delegate's ADD failed",
    verbs: ['ADD'],
    run: withDelegate(async (trial, delegate) => {
      await delegate.failAt('ADD');
      mustFail(await trial.call('ADD', await trial.pod(), delegate.request()), 'ADD with a delegate that fails');
      await mustHaveBeenAsked(delegate, 'DEL', 'after its ADD failed');
    }),
  },
  {
    ...about,
    id: 'delegate-del-after-failure',
    level: 'should',
    title: "executes the delegate's DEL when ADD fails after the delegate succeeded",
    verbs: ['ADD'],
    run: withDelegate(async (trial, delegate) => {
      const pod = await trial.pod();
      await pod.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'other']);
      mustFail(await trial.call('ADD', pod, delegate.request()), 'ADD of an interface that exists');
      const commands = (await delegate.calls()).map(({ command }) => command);
      if (commands.includes('ADD') && !commands.includes('DEL'))
        throw new Deviation('the delegate had an ADD and no DEL: its address is lost');
    }),
  },
  ...(['CHECK', 'STATUS'] as const).map(
    (verb): ConformanceItem => ({
      ...about,
      id: `delegate-${verb.toLowerCase()}`,
      level: verb === 'STATUS' ? 'must' : 'should',
      since: verb === 'STATUS' ? '1.1.0' : '0.4.0',
      title: `passes ${verb} on to the delegate, and its error back`,
      verbs: [verb],
      run: withDelegate(async (trial, delegate) => {
        const attached = await trial.attach(delegate.request());
        const ask = () => (verb === 'STATUS' ? trial.ask(verb, delegate.request()) : trial.again(verb, attached, delegate.request()));
        mustSucceed(await ask());
        await mustHaveBeenAsked(delegate, verb);
        await delegate.failAt(verb);
        mustFail(await ask(), `${verb} with a delegate that fails it`);
      }),
    }),
  ),
  {
    ...about,
    id: 'delegate-gc',
    level: 'must',
    since: '1.1.0',
    title: 'passes GC on to the delegate with the list of valid attachments',
    verbs: ['GC'],
    run: withDelegate(async (trial, delegate) => {
      mustSucceed(await trial.ask('GC', delegate.request({ config: { 'cni.dev/valid-attachments': [] } })));
      const call = await mustHaveBeenAsked(delegate, 'GC');
      if (!('cni.dev/valid-attachments' in call.config)) throw new Deviation('the delegate got no list of valid attachments');
    }),
  },
  {
    ...about,
    id: 'delegate-stderr',
    level: 'should',
    since: '1.0.0',
    title: "passes on the delegate's stderr",
    verbs: ['ADD'],
    run: withDelegate(async (trial, delegate) => {
      const { call } = await trial.attach(delegate.request());
      if (!call.result.stderr.includes("the delegate's own words"))
        throw new Deviation("the delegate's words are not on the plugin's stderr");
    }),
  },
  {
    ...about,
    id: 'delegate-route-without-gateway',
    section: '5 Delegated plugins (IPAM)',
    level: 'must',
    since: '0.4.0',
    title: 'makes a route of the delegate that has no gateway, and passes CHECK with it',
    verbs: ['ADD', 'CHECK'],
    run: withDelegate(
      async (trial, delegate) => {
        const attached = await trial.attach(delegate.request());
        if (!(await hasRoute(attached.pod, { dst: '198.51.100.0/24' }))) throw new Deviation('there is no route 198.51.100.0/24');
        mustSucceed(await trial.again('CHECK', attached, delegate.request()));
      },
      [{ dst: '198.51.100.0/24' }],
    ),
  },
  {
    ...about,
    id: 'delegate-del-fails',
    level: 'should',
    title: "fails when the delegate's DEL fails, so that the runtime tries again",
    verbs: ['DEL'],
    run: withDelegate(async (trial, delegate) => {
      const attached = await trial.attach(delegate.request());
      await delegate.failAt('DEL');
      const call = await trial.again('DEL', attached, delegate.request());
      await delegate.failAt();
      mustFailWith(call, [142, 999], 'DEL with a delegate that fails it');
    }),
  },
];

/** Not applicable unless the configuration delegates addresses. */
function withDelegate(run: (trial: Trial, delegate: Delegate) => Promise<void>, routes: readonly Json[] = []): ConformanceItem['run'] {
  return async (trial) => {
    if (ipamTypeOf(trial.subject.config) === undefined) throw new NotApplicable('the configuration delegates addresses to nobody');
    const ips = await someIps(trial);
    const delegate = await Delegate.install(trial.node, trial.subject, trial.version, ips, routes);
    try {
      await run(trial, delegate);
    } finally {
      await delegate.failAt();
      await trial.close();
      await delegate.remove();
    }
  };
}

/** Addresses that fit the configuration: those of an attachment that is over. A plugin may refuse any other network. */
async function someIps(trial: Trial): Promise<ResultIp[]> {
  const attached = await trial.attach();
  await trial.detach(attached);
  await trial.endOfContainer(attached);
  someAddress(attached);
  return listOf<ResultIp>(attached.result, 'ips');
}

async function mustHaveBeenAsked(delegate: Delegate, command: string, when = ''): ReturnType<typeof last> {
  return last(await delegate.calls(), command, when);
}

async function last(calls: Awaited<ReturnType<Delegate['calls']>>, command: string, when: string) {
  const call = calls.findLast((one) => one.command === command);
  if (call === undefined) throw new Deviation(`the delegate had no ${command} ${when}`.trim());
  return call;
}
