import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { dualStack, executables } from '../fixtures/axoneme.ts';
import { scaledTimeout } from '../fixtures/scaled-timeout.ts';
import { TestNode } from '../fixtures/test-node.ts';

/** Pods behind netkits of layer 3: devices without MAC addresses and without neighbours. */
describeConformance({
  plugin: executables.plugin,
  config: { name: 'axoneme', type: 'axoneme-cni' },
  setup: (node) => TestNode.start(node, { config: { ...dualStack, bpf: { datapathMode: 'netkit' } } }),
  timeout: scaledTimeout(30_000),
});
