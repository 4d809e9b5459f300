import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { AxonemeNode, executables } from '../support/axoneme.ts';

const ipam = { type: 'host-local', ranges: [[{ subnet: '10.77.0.0/24' }]] };

/** With an IPAM plugin. */
describeConformance({
  plugin: executables.plugin,
  config: { name: 'delegating', type: 'axoneme-cni', ipam },
  setup: (node) => AxonemeNode.start(node),
});
