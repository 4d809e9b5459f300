import type { CommandSpec } from '../lib/spec.ts';

export const daemonCommands: readonly CommandSpec[] = [
  {
    path: 'daemon',
    summary: 'Run the daemon in the foreground',
    description: 'Serves the plugin and the commands until SIGTERM. Pods keep their traffic when it stops; a new start takes them over.',
    options: [
      { flags: '--config <file>', description: 'configuration (AXONEME_CONFIG); by default /etc/axoneme/config.yaml, if there is one' },
      { flags: '--cleanup', description: 'remove every device, map, program and record of axoneme from this node, and end' },
      {
        flags: '--write-cni-conf-when-ready <file>',
        description: 'write the network configuration there as soon as the first pod would be served',
      },
      { flags: '--log-level <level>', description: 'least severe level to log', choices: ['debug', 'info', 'warn', 'error', 'silent'] },
    ],
    examples: [
      ['axoneme daemon', 'with the defaults: 10.0.0.0/8, a /24 for this node, IPv4'],
      ['axoneme daemon --config ./values.yaml --log-level debug', 'try settings out'],
      ['axoneme daemon --cleanup', 'after uninstalling: pods lose their network'],
    ],
    load: () => import('./run.ts'),
  },
];
