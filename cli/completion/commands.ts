import type { CommandSpec, CommandTable } from '../lib/spec.ts';

/** `table`: all commands, these among them. */
export const completionCommands = (table: () => CommandTable): readonly CommandSpec[] => [
  {
    path: 'completion',
    summary: 'Print a completion script for a shell',
    description: 'Prints a script that makes the shell complete commands, options and their values.',
    argument: { name: 'shell', description: 'the shell to complete in', choices: ['bash', 'zsh', 'fish'] },
    examples: [
      ['source <(axoneme completion bash)', 'this shell'],
      ['axoneme completion bash > /etc/bash_completion.d/axoneme', 'every bash'],
      ['axoneme completion zsh > /usr/share/zsh/site-functions/_axoneme', 'every zsh'],
      ['axoneme completion fish > /etc/fish/completions/axoneme.fish', 'every fish'],
    ],
    load: async () => ({ run: (await import('./run.ts')).printScript(table()) }),
  },
];
