import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { AxonemeNode, executables } from '../fixtures/axoneme.ts';
import { patience } from '../fixtures/scaled-timeout.ts';

/** The executables as they are installed, with the real daemon: the launcher, whose calls the daemon serves. */
describeConformance({
  plugin: executables.plugin,
  config: { name: 'axoneme', type: 'axoneme-cni' },
  setup: (node) => AxonemeNode.start(node),
  timeout: patience(30_000),
});
