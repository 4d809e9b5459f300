import { type CommandSpec, stateFormats } from '../lib/spec.ts';

export const ipamGroup = 'Addresses of this node';

export const ipamCommands: readonly CommandSpec[] = [
  {
    path: 'ipam list',
    summary: 'List pools, their blocks and who has which address',
    description: 'Shows the blocks that this node holds of each pool, how full they are, and the owner of every taken address.',
    formats: stateFormats,
    examples: [
      ['axoneme ipam list', 'pools and addresses'],
      [`axoneme ipam list -o json | jq '.pools[] | select(.name == "default")'`, 'one pool, for programs'],
    ],
    load: () => import('./list.ts'),
  },
];
