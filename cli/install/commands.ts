import type { CommandSpec } from '../lib/spec.ts';

export const installCommands: readonly CommandSpec[] = [
  {
    path: 'install',
    summary: 'Install the plugin and, once the datapath is ready, the network configuration',
    description:
      'Replaces each file as a whole, also while runtimes use it. The network configuration comes last: with it in place, runtimes send pods.',
    options: [
      { flags: '--bin-dir <dir>', description: 'folder of CNI plugins; by default /opt/cni/bin' },
      { flags: '--conf-dir <dir>', description: 'folder of network configurations; by default /etc/cni/net.d' },
      { flags: '--from <dir>', description: 'folder that holds axoneme-cni and axoneme-cni-cold; by default that of this program' },
      { flags: '--wait <seconds>', description: 'how long to wait for the daemon to be ready', default: '0' },
    ],
    examples: [
      ['axoneme install --wait 60', 'after starting the service'],
      ['axoneme install --bin-dir /usr/lib/cni', 'where Debian has its plugins'],
    ],
    load: () => import('./install.ts'),
  },
  {
    path: 'uninstall',
    summary: 'Remove the network configuration and the plugin',
    description: 'The network configuration goes first. The plugin stays while pods of axoneme are there, which need it for their DEL.',
    options: [
      { flags: '--bin-dir <dir>', description: 'folder of CNI plugins; by default /opt/cni/bin' },
      { flags: '--conf-dir <dir>', description: 'folder of network configurations; by default /etc/cni/net.d' },
      { flags: '--force', description: 'remove the plugin also while pods are there' },
    ],
    examples: [['axoneme uninstall', 'before stopping the service and axoneme daemon --cleanup']],
    load: () => import('./uninstall.ts'),
  },
];
