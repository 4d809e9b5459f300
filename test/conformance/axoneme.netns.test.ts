import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { AxonemeNode, executables } from '../support/axoneme.ts';

/** The packed executables, with the real daemon. */
describeConformance({
  plugin: executables.plugin,
  config: { name: 'axoneme', type: 'axoneme-cni' },
  setup: (node) => AxonemeNode.start(node),
});
