import { isObject } from '../../runtime/network.ts';
import { outcomeOf, parseOutput, succeeded, verbOf } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import type { RequestOptions } from '../request.ts';
import type { Trial } from '../trial.ts';
import { type Call, Deviation } from '../verdict.ts';

const about = { section: '5 Error', since: '0.1.0', verbs: ['ADD', 'DEL'] } as const;

/** Of section 5; 8 (invalid network namespace) is the reference library's, which claims the numbers below 100 together with the text. */
const KNOWN_CODES = [1, 2, 3, 4, 5, 6, 7, 8, 11, 50, 51];

export const errorItems: readonly ConformanceItem[] = [
  {
    ...about,
    id: 'error-object',
    level: 'must',
    title: 'prints an error object with code and msg, alone on stdout, and exits with another status than 0',
    run: (trial) =>
      forEachFailure(trial, (call) => {
        const error = parseOutput(call);
        if (!isObject(error)) throw new Deviation(`no JSON object on stdout: ${outcomeOf(call)}`);
        if (!Number.isInteger(error['code']) || Number(error['code']) <= 0) throw new Deviation(`code is ${JSON.stringify(error['code'])}`);
        if (typeof error['msg'] !== 'string' || error['msg'] === '') throw new Deviation(`msg is ${JSON.stringify(error['msg'])}`);
        if ('details' in error && typeof error['details'] !== 'string')
          throw new Deviation(`details is ${JSON.stringify(error['details'])}`);
      }),
  },
  {
    ...about,
    id: 'error-version',
    level: 'must',
    title: 'has a cniVersion in its error objects',
    run: (trial) =>
      forEachFailure(trial, (call) => {
        const error = parseOutput(call);
        if (isObject(error) && typeof error['cniVersion'] !== 'string')
          throw new Deviation(`${verbOf(call)} failed with an error without cniVersion: ${outcomeOf(call)}`);
      }),
  },
  {
    ...about,
    id: 'error-codes',
    level: 'must',
    title: 'uses codes below 100 only as the specification does',
    run: (trial) =>
      forEachFailure(trial, (call) => {
        const error = parseOutput(call);
        const code = isObject(error) ? Number(error['code']) : Number.NaN;
        if (code < 100 && !KNOWN_CODES.includes(code)) throw new Deviation(`code ${code} means nothing: ${outcomeOf(call)}`);
      }),
  },
];

/** Requests that fail for different reasons, in different depths of a plugin. */
async function forEachFailure(trial: Trial, judge: (call: Call) => void): Promise<void> {
  const pod = await trial.pod();
  const hasNetns = trial.subject.role === 'interface';
  const failures: readonly (readonly [string, RequestOptions])[] = [
    ['ADD', { stdin: '{' }],
    ['ADD', { config: { name: undefined } }],
    ['ADD', { config: { cniVersion: '9.9.9' } }],
    ['FROB', {}],
    ['ADD', { env: { CNI_IFNAME: undefined } }],
    ...(hasNetns ? [['ADD', { env: { CNI_NETNS: '/run/netns/none' } }] as const] : []),
  ];
  for (const [command, options] of failures) {
    const call = await trial.call(command, pod, options);
    if (!succeeded(call)) judge(call);
  }
}
