import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { AxonemeNode, executables } from '../fixtures/axoneme.ts';

const ipam = { type: 'host-local', ranges: [[{ subnet: '10.77.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] };

/** Behind another main plugin. */
describeConformance({
  plugin: executables.plugin,
  config: { name: 'chained', plugins: [{ type: 'ptp', ipam }, { type: 'axoneme-cni' }] },
  setup: (node) => AxonemeNode.start(node),
});
