/** All that the daemon sets on a node and that is no pod's, in the order in which it is restored: each may need those before it. */
export const nodeItemNames = [
  'pins',
  'host-device',
  'host-sysctls',
  'router-addresses',
  'routes',
  'host-programs',
  'native-devices',
  'node-rows',
] as const;
export type NodeItemName = (typeof nodeItemNames)[number];

/** What no notification tells of: looked at every two seconds. It takes a few reads of files and pins. */
export const polledNames: readonly NodeItemName[] = ['pins', 'host-sysctls', 'host-programs'];
