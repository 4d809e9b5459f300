import { type CommandSpec, stateFormats } from '../lib/spec.ts';

export const versionCommands: readonly CommandSpec[] = [
  {
    path: 'version',
    summary: 'Show the versions of this program and of the running daemon',
    description: 'Exits with 0 also when no daemon runs.',
    formats: stateFormats,
    examples: [['axoneme version', 'two lines']],
    load: () => import('./run.ts'),
  },
];
