import { mustFail, mustFailWith, mustSucceed } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import type { RequestOptions } from '../request.ts';
import type { Trial } from '../trial.ts';
import { Deviation } from '../verdict.ts';

const INCOMPATIBLE_VERSION = [1];
const DECODE_FAILURE = [6];
const INVALID_CONFIG = [7];

export const stdinItems: readonly ConformanceItem[] = [
  {
    ...refusal('stdin-empty', 'answers an empty stdin with an error of reading or decoding'),
    run: (trial) => mustRefuse(trial, { stdin: '' }, [5, 6], 'ADD with an empty stdin'),
  },
  {
    ...refusal('stdin-malformed', 'answers malformed JSON with error 6'),
    run: async (trial) => {
      for (const stdin of ['{', '{"name": "x", }', 'null null', '\0'])
        await mustRefuse(trial, { stdin }, DECODE_FAILURE, `ADD with ${JSON.stringify(stdin)} on stdin`);
    },
  },
  {
    ...refusal('stdin-not-object', 'answers JSON that is no object with error 6 or 7'),
    run: async (trial) => {
      for (const stdin of ['[]', '"text"', '1']) await mustRefuse(trial, { stdin }, [6, 7], `ADD with ${stdin} on stdin`);
    },
  },
  {
    ...refusal('stdin-trailing', 'answers text behind the configuration with error 6'),
    run: async (trial) => {
      const pod = await trial.pod();
      const whole = await ordinaryInput(trial, pod);
      const call = await trial.call('ADD', pod, { stdin: `${whole} rest` });
      if (call.result.code === 0) await trial.call('DEL', pod);
      mustFailWith(call, DECODE_FAILURE, 'ADD with text behind the configuration');
    },
  },
  {
    ...refusal('stdin-byte-order-mark', 'answers a byte order mark with a result or an error object'),
    level: 'practice',
    run: async (trial) => {
      const pod = await trial.pod();
      const call = await trial.call('ADD', pod, { stdin: `\uFEFF${await ordinaryInput(trial, pod)}` });
      // RFC 8259, section 8.1: a parser may ignore the mark or treat it as an error
      if (call.result.code === 0) await trial.call('DEL', pod);
      else mustFail(call, 'ADD with a byte order mark');
    },
  },
  {
    ...refusal('stdin-name-missing', 'answers a configuration without name with error 7'),
    section: '1 Network configuration objects',
    run: (trial) => mustRefuse(trial, { config: { name: undefined } }, INVALID_CONFIG, 'ADD without name'),
  },
  {
    ...refusal('stdin-name-form', 'answers an ill-formed name with error 7'),
    section: '1 Network configuration objects',
    level: 'should',
    since: '0.4.0',
    run: async (trial) => {
      for (const name of ['-net', 'a net', 'net/1', '.net'])
        await mustRefuse(trial, { config: { name } }, INVALID_CONFIG, `ADD with name ${JSON.stringify(name)}`);
    },
  },
  {
    ...refusal('stdin-version-unknown', 'answers a version that it does not know with error 1'),
    run: async (trial) => {
      for (const cniVersion of ['9.9.9', '1.0.99'])
        await mustRefuse(trial, { config: { cniVersion } }, INCOMPATIBLE_VERSION, `ADD with cniVersion ${cniVersion}`);
    },
  },
  {
    ...refusal('stdin-version-garbled', 'answers a cniVersion that is no version with error 1 or 6'),
    level: 'should',
    run: async (trial) => {
      for (const cniVersion of ['one', '1.0', 1.0, { major: 1 }])
        await mustRefuse(trial, { config: { cniVersion } }, [1, 6], `ADD with cniVersion ${JSON.stringify(cniVersion)}`);
    },
  },
  {
    id: 'stdin-args-ignored',
    section: '1 Plugin configuration objects',
    level: 'should',
    title: 'ignores what it does not understand in args, and capabilities that the runtime left in',
    since: '0.2.0',
    verbs: ['ADD', 'DEL'],
    run: async (trial) => {
      const config = { args: { labels: { app: 'web' }, 'org.example': [1, null] }, capabilities: { 'org.example': true } };
      await trial.detach(await trial.attach({ config }), { config });
    },
  },
  {
    id: 'stdin-reserved-keys',
    section: '1 Plugin configuration objects',
    level: 'practice',
    title: 'lets pass keys that the specification reserves (cni.dev/...)',
    since: '1.1.0',
    verbs: ['ADD', 'DEL'],
    run: async (trial) => {
      const config = { 'cni.dev/future': { any: true } };
      await trial.detach(await trial.attach({ config }), { config });
    },
  },
  {
    id: 'stdin-foreign-prevresult-version',
    section: '3 Deriving request configuration from plugin configuration',
    level: 'practice',
    title: 'takes a prevResult without cniVersion for one of the version of the request',
    since: '0.4.0',
    verbs: ['DEL'],
    run: async (trial) => {
      const attached = await trial.attach();
      const { cniVersion: _, ...prevResult } = attached.result;
      mustSucceed(await trial.again('DEL', attached, { prevResult }), 'DEL with a prevResult without cniVersion');
    },
  },
];

function refusal(id: string, title: string): Omit<ConformanceItem, 'run'> {
  return { id, section: '5 Error', level: 'must', title, since: '0.2.0', verbs: ['ADD'] };
}

async function mustRefuse(trial: Trial, options: RequestOptions, codes: readonly number[], what: string): Promise<void> {
  const pod = await trial.pod();
  const call = await trial.call('ADD', pod, options);
  if (call.result.code === 0) await trial.call('DEL', pod, options);
  mustFailWith(call, codes, what);
}

/** What a call would send: that of one that changes nothing. */
async function ordinaryInput(trial: Trial, pod: Awaited<ReturnType<Trial['pod']>>): Promise<string> {
  const probe = await trial.call('ADD', pod, { env: { CNI_COMMAND: 'FROB' } });
  if (probe.result.code === 0) throw new Deviation('an unknown CNI_COMMAND succeeds');
  return probe.stdin;
}
