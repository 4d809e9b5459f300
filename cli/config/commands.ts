import { type CommandSpec, stateFormats } from '../lib/spec.ts';

export const configGroup = 'Settings of the daemon';

export const configCommands: readonly CommandSpec[] = [
  {
    path: 'config view',
    summary: 'Show the settings that the daemon runs with',
    description: 'Shows every setting with the defaults filled in. As JSON it is itself a configuration file.',
    formats: stateFormats,
    examples: [
      ['axoneme config view', 'one line per key'],
      ['axoneme config view -o json > /etc/axoneme/config.yaml', 'keep the settings of now'],
    ],
    load: () => import('./view.ts'),
  },
];
