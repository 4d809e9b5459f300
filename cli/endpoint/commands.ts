import { type CommandSpec, stateFormats } from '../lib/spec.ts';

export const endpointGroup = 'Pods that this node has given a network';

export const endpointCommands: readonly CommandSpec[] = [
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
    load: () => import('./list.ts'),
  },
  {
    path: 'endpoint get',
    summary: 'Show all of one endpoint',
    description: 'Shows devices, addresses, MACs and labels of one endpoint.',
    argument: {
      name: 'id',
      description: "the endpoint's number, an address of it, its pod as namespace/name, or the start of its container id",
    },
    formats: stateFormats,
    examples: [
      ['axoneme endpoint get 331', 'by number'],
      ['axoneme endpoint get 10.0.0.17', 'by address'],
      ['axoneme endpoint get default/web-1 -o json', 'by pod, for programs'],
    ],
    load: () => import('./get.ts'),
  },
];
