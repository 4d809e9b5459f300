import { isObject } from '../../runtime/network.ts';
import { mustFailWith, parseOutput } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import type { RequestOptions } from '../request.ts';
import type { Trial } from '../trial.ts';
import { Deviation, NotApplicable, type Verb } from '../verdict.ts';

/** Code 4: "Invalid necessary environment variables" (section 5, "Error"). Its message must name them. */
const INVALID_ENVIRONMENT = [4];

/** Variables without which a verb means nothing (section 2, "CNI operations"). CNI_PATH is optional there, though the reference library demands it. */
const REQUIRED = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
} as const;

/** Interface names that the kernel or the specification refuse. */
const BAD_IFNAMES = ['.', '..', 'eth/0', 'eth:0', 'eth 0', 'eth0\t', 'sixteen-letters-'];

const BAD_CONTAINER_IDS = ['-container', '.container', '_container', 'con/tainer', 'con tainer', 'con:tainer'];

export const environmentItems: readonly ConformanceItem[] = [
  ...(['ADD', 'DEL', 'CHECK'] as const).map(missingVariables),
  {
    id: 'env-empty-is-missing',
    section: '2 Parameters',
    level: 'practice',
    title: 'takes an empty variable for a missing one',
    since: '0.1.0',
    verbs: ['ADD'],
    run: async (trial) => {
      const pod = await trial.pod();
      for (const name of REQUIRED.ADD) await mustName(trial, 'ADD', { env: { [name]: '' } }, [name], `ADD with an empty ${name}`, pod);
    },
  },
  {
    id: 'env-command-unknown',
    section: '2 Parameters',
    level: 'must',
    title: 'answers an unknown CNI_COMMAND with error 4, which names it',
    since: '0.1.0',
    verbs: [],
    run: (trial) => mustName(trial, 'FROB', {}, ['CNI_COMMAND'], 'CNI_COMMAND FROB'),
  },
  {
    id: 'env-command-case',
    section: '2 Parameters',
    level: 'practice',
    title: 'knows its verbs in capitals only',
    since: '0.1.0',
    verbs: [],
    run: (trial) => mustName(trial, 'add', {}, ['CNI_COMMAND'], 'CNI_COMMAND add'),
  },
  illFormed('env-containerid-form', 'CNI_CONTAINERID', BAD_CONTAINER_IDS),
  illFormed('env-ifname-form', 'CNI_IFNAME', BAD_IFNAMES),
  {
    id: 'env-args-ignored',
    section: '2 Parameters',
    level: 'practice',
    title: 'takes CNI_ARGS of Kubernetes with IgnoreUnknown, in any order',
    since: '0.1.0',
    verbs: ['ADD', 'DEL'],
    run: async (trial) => {
      const forwards = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=1-2';
      const backwards = forwards.split(';').reverse().join(';');
      await trial.detach(await trial.attach({ env: { CNI_ARGS: forwards } }), { env: { CNI_ARGS: backwards } });
      await trial.detach(await trial.attach({ env: { CNI_ARGS: backwards } }), { env: { CNI_ARGS: undefined } });
    },
  },
  {
    id: 'env-path-optional',
    section: '2 Parameters',
    level: 'must',
    title: 'needs no CNI_PATH when it delegates nothing',
    since: '1.0.0',
    verbs: ['ADD', 'DEL'],
    run: async (trial) => {
      if (isObject(trial.subject.config['ipam'])) throw new NotApplicable('the configuration delegates addresses, which needs CNI_PATH');
      const env = { CNI_PATH: undefined };
      await trial.detach(await trial.attach({ env }), { env });
    },
  },
];

function missingVariables(verb: 'ADD' | 'DEL' | 'CHECK'): ConformanceItem {
  return {
    id: `env-missing-${verb.toLowerCase()}`,
    section: `2 ${verb}`,
    level: 'must',
    title: `answers missing variables with one error 4, which names ${verb === 'DEL' ? 'both' : 'them all'}`,
    since: verb === 'CHECK' ? '0.4.0' : '0.1.0',
    verbs: [verb],
    run: async (trial) => {
      const pod = await trial.pod();
      const names = REQUIRED[verb];
      for (const name of names) await mustName(trial, verb, { env: { [name]: undefined } }, [name], `${verb} without ${name}`, pod);
      const none = Object.fromEntries(names.map((name) => [name, undefined]));
      await mustName(trial, verb, { env: none }, names, `${verb} without ${names.join(', ')}`, pod);
    },
  };
}

function illFormed(id: string, name: string, values: readonly string[]): ConformanceItem {
  return {
    id,
    section: '2 Parameters',
    level: 'should',
    title: `answers an ill-formed ${name} with error 4`,
    since: '0.3.0',
    verbs: ['ADD'] satisfies Verb[],
    run: async (trial) => {
      const pod = await trial.pod();
      for (const value of values) {
        const call = await trial.call('ADD', pod, { env: { [name]: value } });
        const what = `ADD with ${name} ${JSON.stringify(value)}`;
        if (call.result.code === 0) await undo(trial, call.env);
        mustFailWith(call, INVALID_ENVIRONMENT, what);
      }
    },
  };
}

/** An ADD that should have been refused has made something. */
async function undo(trial: Trial, env: Readonly<Record<string, string>>): Promise<void> {
  const last = trial.calls.at(-1);
  if (last !== undefined && isObject(parseOutput(last))) await trial.execute({ ...env, CNI_COMMAND: 'DEL' }, last.stdin);
}

async function mustName(
  trial: Trial,
  command: string,
  options: RequestOptions,
  names: readonly string[],
  what: string,
  pod?: Awaited<ReturnType<Trial['pod']>>,
): Promise<void> {
  const call = await trial.call(command, pod ?? (await trial.pod()), options);
  const { msg, details } = mustFailWith(call, INVALID_ENVIRONMENT, what);
  const told = `${msg} ${typeof details === 'string' ? details : ''}`;
  const untold = names.filter((name) => !told.includes(name));
  if (untold.length > 0) throw new Deviation(`${what}: the error message does not name ${untold.join(', ')}: ${msg}`);
}
