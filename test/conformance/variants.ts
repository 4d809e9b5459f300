import type { ConformanceSuiteOptions } from '../../test-harness/conformance/vitest.ts';
import { AxonemeNode, executables } from '../support/axoneme.ts';

/** The standalone executable, which meets the daemon through its API; test/conformance/axoneme.netns.test.ts holds the launcher to the same. */
export const cold: ConformanceSuiteOptions = {
  plugin: executables.cold,
  config: { name: 'axoneme', type: 'axoneme-cni-cold' },
  setup: (node) => AxonemeNode.start(node),
};

const ipam = { type: 'host-local', ranges: [[{ subnet: '10.77.0.0/24' }]] };

/** The launcher, with an IPAM plugin. */
export const delegating: ConformanceSuiteOptions = {
  plugin: executables.plugin,
  config: { name: 'delegating', type: 'axoneme-cni', ipam },
  setup: (node) => AxonemeNode.start(node),
};
