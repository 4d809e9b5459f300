import { ipv4, ipv6 } from '../addresses.ts';
import { choice, count, described, integer, list, optional, section, text } from '../schema/fields.ts';

/** Addresses of a pod and the node on which they are: in CiliumEndpoint and CiliumEndpointSlice. */
export const networking = () =>
  section({
    addressing: list(section({ ipv4: optional(ipv4()), ipv6: optional(ipv6()) })),
    node: optional(described('Internal address of the node of the pod.', text())),
  });

/** Index of the key that encrypts traffic of the pod; 0 for none. */
export const encryption = () => section({ key: optional(count()) });

/** Ports of the pod that have names. */
export const namedPorts = () =>
  list(
    section({
      name: optional(text()),
      port: optional(integer(0, 65535, 'a port')),
      protocol: optional(choice('TCP', 'UDP', 'SCTP', 'ANY')),
    }),
  );
