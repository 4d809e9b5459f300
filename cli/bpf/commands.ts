import { type CommandSpec, stateFormats } from '../lib/spec.ts';

export const bpfGroup = 'What is in the maps that the datapath reads';

export const bpfCommands: readonly CommandSpec[] = [
  {
    path: 'bpf endpoint list',
    summary: 'List the map from addresses to endpoints',
    description: 'Shows axo_endpoints as the datapath sees it: packets to these addresses are delivered on this node.',
    formats: stateFormats,
    examples: [['axoneme bpf endpoint list', 'one row per address']],
    load: () => import('./endpoint-list.ts'),
  },
  {
    path: 'bpf ipcache list',
    summary: 'List the map from prefixes to identities',
    description: 'Shows axo_ipcache as the datapath sees it: which identity a source or destination has. The longest prefix wins.',
    formats: stateFormats,
    examples: [['axoneme bpf ipcache list', 'one row per prefix']],
    load: () => import('./ipcache-list.ts'),
  },
];
