import { atLeast } from '../../runtime/version.ts';
import { mustBeSilent, mustFailWith, mustSucceed } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import { NotApplicable } from '../verdict.ts';

export const statusItems: readonly ConformanceItem[] = [
  {
    id: 'status-ready',
    section: '2 STATUS',
    level: 'must',
    title: 'succeeds when ADD would, without a word on stdout',
    since: '1.1.0',
    verbs: ['STATUS'],
    run: async (trial) => {
      await trial.attach();
      mustBeSilent(mustSucceed(await trial.ask('STATUS')));
    },
  },
  ...(['STATUS', 'GC'] as const).map(
    (verb): ConformanceItem => ({
      id: `${verb.toLowerCase()}-old-version`,
      section: `2 ${verb}`,
      level: 'practice',
      title: `answers a version that has no ${verb} with error 1`,
      since: '1.1.0',
      verbs: [verb],
      run: async (trial) => {
        const version = trial.versions.findLast((one) => !atLeast(one, '1.1.0'));
        if (version === undefined) throw new NotApplicable('the plugin speaks no version below 1.1.0');
        const config = verb === 'GC' ? { 'cni.dev/valid-attachments': [] } : {};
        mustFailWith(await trial.ask(verb, { version, config }), [1], `${verb} with cniVersion ${version}`);
      },
    }),
  ),
];
