import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { AxonemeNode, executables } from '../support/axoneme.ts';

/** The cold executable, which meets the daemon through its API; test/conformance/axoneme.netns.test.ts holds the launcher to the same. */
describeConformance({
  plugin: executables.cold,
  config: { name: 'axoneme', type: 'axoneme-cni-cold' },
  setup: (node) => AxonemeNode.start(node),
});
