import { fileURLToPath } from 'node:url';
import { describeConformance } from 'axoneme/test-harness/vitest';

/* The same plugin, held against the CNI specification: a test per statement. */

describeConformance({
  plugin: fileURLToPath(new URL('bash-cni.sh', import.meta.url)),
  config: {
    name: 'bash',
    type: 'bash-cni.sh',
    ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }], [{ subnet: 'fd88::/64' }]] },
  },
  knownDeviations: {
    'delegate-route-without-gateway': 'pods get a default route, and not the routes of the IPAM plugin',
  },
});
