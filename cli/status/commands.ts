import { type CommandSpec, stateFormats } from '../lib/spec.ts';

export const statusCommands: readonly CommandSpec[] = [
  {
    path: 'status',
    summary: 'Show whether the node can serve pods, and how',
    description: 'Asks the daemon how it is. Exits with 0 only when the next pod would get its network.',
    formats: stateFormats,
    options: [{ flags: '-v, --verbose', description: 'also addresses with their owners, counters and the process' }],
    examples: [
      ['axoneme status', 'the state of the node in a few rows'],
      ['axoneme status --verbose', 'the same, with "Allocated addresses" and the counters of drops'],
      ['until axoneme status >/dev/null; do sleep 1; done', 'wait for the daemon'],
      ['axoneme status -o json | jq .health', 'for programs'],
    ],
    load: () => import('./run.ts'),
  },
];
