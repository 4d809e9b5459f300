import type { Run } from './context.ts';

/** An option of one command, or of all. */
export interface OptionSpec {
  /** In commander's notation: `-v, --verbose`, `--config <file>`. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: string;
}

/** One command: what help and completion say, and where its code is. */
export interface CommandSpec {
  /** Words that call it: `endpoint list`. */
  readonly path: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What it shows and how to read it. */
  readonly description: string;
  readonly argument?: { readonly name: string; readonly description: string; readonly choices?: readonly string[] };
  /** Output formats, the first is the default; absent for commands that print no state. */
  readonly formats?: readonly string[];
  readonly options?: readonly OptionSpec[];
  /** What to type, and what one gets. */
  readonly examples: readonly (readonly [command: string, effect: string])[];
  readonly load: () => Promise<{ readonly run: Run }>;
}

const state = ['table', 'json'] as const;

/** Words that only lead to commands. */
export const groups: Readonly<Record<string, string>> = {
  endpoint: 'Pods that this node has given a network',
  ipam: 'Addresses of this node',
  bpf: 'What is in the maps that the datapath reads',
  config: 'Settings of the daemon',
};

/** Options of every command. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: '--root <dir>', description: 'folder under which all paths of axoneme lie (AXONEME_ROOT)', default: '/' },
];

/** Every command, in the order of the help. A new command is a row here and a file in `commands/`. */
export const commands: readonly CommandSpec[] = [
  {
    path: 'status',
    summary: 'Show whether the node can serve pods, and how',
    description: 'Asks the daemon how it is. Exits with 0 only when the next pod would get its network.',
    formats: state,
    options: [{ flags: '-v, --verbose', description: 'also addresses with their owners, counters and the process' }],
    examples: [
      ['axoneme status', 'the state of the node in a few rows'],
      ['axoneme status --verbose', 'the same, with "Allocated addresses" and the counters of drops'],
      ['until axoneme status >/dev/null; do sleep 1; done', 'wait for the daemon'],
      ['axoneme status -o json | jq .health', 'for programs'],
    ],
    load: () => import('./commands/status.ts'),
  },
  {
    path: 'endpoint list',
    summary: 'List the pods with their addresses and state',
    description: 'One row per endpoint, lowest id first. Labels that do not fit in one row continue in the next.',
    formats: ['table', 'wide', 'json'],
    examples: [
      ['axoneme endpoint list', 'all endpoints'],
      ['axoneme endpoint list -o wide', 'with pod, interface and container id'],
      [`axoneme endpoint list -o json | jq -r '.[].ipv4.address'`, 'addresses only'],
    ],
    load: () => import('./commands/endpoint-list.ts'),
  },
  {
    path: 'endpoint get',
    summary: 'Show all of one endpoint',
    description: 'Shows devices, addresses, MACs and labels of one endpoint.',
    argument: {
      name: 'id',
      description: "the endpoint's number, an address of it, its pod as namespace/name, or the start of its container id",
    },
    formats: state,
    examples: [
      ['axoneme endpoint get 331', 'by number'],
      ['axoneme endpoint get 10.0.0.17', 'by address'],
      ['axoneme endpoint get default/web-1 -o json', 'by pod, for programs'],
    ],
    load: () => import('./commands/endpoint-get.ts'),
  },
  {
    path: 'ipam list',
    summary: 'List pools, their blocks and who has which address',
    description: 'Shows the blocks that this node holds of each pool, how full they are, and the owner of every taken address.',
    formats: state,
    examples: [
      ['axoneme ipam list', 'pools and addresses'],
      [`axoneme ipam list -o json | jq '.pools[] | select(.name == "default")'`, 'one pool, for programs'],
    ],
    load: () => import('./commands/ipam-list.ts'),
  },
  {
    path: 'bpf endpoint list',
    summary: 'List the map from addresses to endpoints',
    description: 'Shows axo_endpoints as the datapath sees it: packets to these addresses are delivered on this node.',
    formats: state,
    examples: [['axoneme bpf endpoint list', 'one row per address']],
    load: () => import('./commands/bpf-endpoint-list.ts'),
  },
  {
    path: 'bpf ipcache list',
    summary: 'List the map from prefixes to identities',
    description: 'Shows axo_ipcache as the datapath sees it: which identity a source or destination has. The longest prefix wins.',
    formats: state,
    examples: [['axoneme bpf ipcache list', 'one row per prefix']],
    load: () => import('./commands/bpf-ipcache-list.ts'),
  },
  {
    path: 'config view',
    summary: 'Show the settings that the daemon runs with',
    description: 'Shows every setting with the defaults filled in. As JSON it is itself a configuration file.',
    formats: state,
    examples: [
      ['axoneme config view', 'one line per key'],
      ['axoneme config view -o json > /etc/axoneme/config.yaml', 'keep the settings of now'],
    ],
    load: () => import('./commands/config-view.ts'),
  },
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
    load: () => import('./commands/install.ts'),
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
    load: () => import('./commands/uninstall.ts'),
  },
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
    load: () => import('./commands/daemon.ts'),
  },
  {
    path: 'version',
    summary: 'Show the versions of this program and of the running daemon',
    description: 'Exits with 0 also when no daemon runs.',
    formats: state,
    examples: [['axoneme version', 'two lines']],
    load: () => import('./commands/version.ts'),
  },
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
    load: () => import('./commands/completion.ts'),
  },
];

/** Which formats a command has, as an option. */
export function formatOption({ formats }: CommandSpec): OptionSpec[] {
  const [first] = formats ?? [];
  return first === undefined
    ? []
    : [{ flags: '-o, --output <format>', description: 'output format', choices: formats ?? [], default: first }];
}
