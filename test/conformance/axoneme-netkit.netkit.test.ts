import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { AxonemeNode, dualStack, executables } from '../fixtures/axoneme.ts';
import { patience } from '../fixtures/scaled-timeout.ts';

/** Pods behind netkits of layer 3: devices without MAC addresses and without neighbours. */
describeConformance({
  plugin: executables.plugin,
  config: { name: 'axoneme', type: 'axoneme-cni' },
  setup: (node) => AxonemeNode.start(node, { config: { ...dualStack, bpf: { datapathMode: 'netkit' } } }),
  timeout: patience(30_000),
});
