import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { executables } from '../fixtures/axoneme.ts';
import { scaledTimeout } from '../fixtures/scaled-timeout.ts';
import { TestNode } from '../fixtures/test-node.ts';

/** The executables as they are installed, with the real daemon: the launcher, whose calls the daemon serves. */
describeConformance({
  plugin: executables.plugin,
  config: { name: 'axoneme', type: 'axoneme-cni' },
  setup: (node) => TestNode.start(node),
  timeout: scaledTimeout(30_000),
});
