import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { executables } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';

const ipam = { type: 'host-local', ranges: [[{ subnet: '10.77.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] };

/** Behind another main plugin. */
describeConformance({
  plugin: executables.plugin,
  config: { name: 'chained', plugins: [{ type: 'ptp', ipam }, { type: 'axoneme-cni' }] },
  setup: (node) => TestNode.start(node),
});
