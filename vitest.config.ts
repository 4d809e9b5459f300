import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * Conformance of plugins that are not axoneme's, and every item of axoneme's less usual forms: levels of their own, because their results change with few
 * files. `npm test` runs them when those have changed (scripts/tests/keyed.ts).
 */
const references = [
  'test/conformance/{bandwidth,bridge,firewall,host-local,macvlan,portmap,ptp,tuning}.netns.test.ts',
  'test-harness/examples/bash/conformance.netns.test.ts',
];
const conformance = ['test/conformance/*.full.netns.test.ts'];

/**
 * How long a test may take before it counts as hanging, in milliseconds. No test judges speed by it: a machine under load takes many times as long as an idle
 * one, and both are right. Speed is judged in the level `bench`, as ratios.
 */
const HANGING = 300_000;

interface Level {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly testTimeout: number;
  /** files at a time, if not as many as processors */
  readonly maxWorkers?: number;
}

/** A level per file suffix: what a test needs of the machine is in its name. */
const levels: Readonly<Record<string, Level>> = {
  unit: {
    include: ['**/*.test.ts'],
    exclude: ['**/*.{prog,netns,e2e,chaos,vm,bench,netkit,kubernetes}.test.ts'],
    testTimeout: HANGING / 5,
  },
  prog: { include: ['**/*.prog.test.ts'], exclude: [], testTimeout: HANGING },
  netns: { include: ['**/*.netns.test.ts'], exclude: [...conformance, ...references], testTimeout: HANGING },
  conformance: { include: conformance, exclude: [], testTimeout: HANGING },
  references: { include: references, exclude: [], testTimeout: HANGING },
  chaos: { include: ['**/*.chaos.test.ts'], exclude: [], testTimeout: HANGING },
  // The harness's own virtual machines, on this computer: `npm run test:kernels`.
  vm: { include: ['**/*.vm.test.ts'], exclude: [], testTimeout: HANGING },
  // Ratios to peers, when no other test runs.
  bench: { include: ['**/*.bench.test.ts'], exclude: [], testTimeout: HANGING, maxWorkers: 1 },
  // Inside such a machine, on a kernel with netkit.
  netkit: { include: ['**/*.netkit.test.ts'], exclude: [], testTimeout: HANGING },
  runtime: { include: ['**/*.e2e.test.ts'], exclude: [], testTimeout: HANGING },
  // A real kube-apiserver: `npm run test:kubernetes`.
  kubernetes: { include: ['**/*.kubernetes.test.ts'], exclude: [], testTimeout: HANGING },
};

/** How many times longer a test may take where processors are emulated (`npm run test:kernels`). */
const slowness = Math.min(3, Number(process.env['AXONEME_SLOWNESS'] ?? 1));

const everywhere = ['**/node_modules/**', 'dist/**', '.cache/**'];

/** The package's own name leads to its sources, so that tests and examples run unbuilt; the same rule stands in tsconfig.json. */
const resolve = { alias: [{ find: /^axoneme\/(.+)$/, replacement: join(import.meta.dirname, '$1', 'index.ts') }] };

export default defineConfig({
  test: {
    // Tests are work for processors, half of it the kernel's (process starts, namespaces): more workers than processors would only stretch each of them.
    maxWorkers: availableParallelism(),
    globalSetup: 'test/fixtures/temporary-folder.ts',
    projects: Object.entries(levels).map(([name, { include, exclude, testTimeout, ...more }]) => ({
      resolve,
      test: {
        name,
        ...more,
        include: [...include],
        exclude: [...everywhere, ...exclude],
        testTimeout: testTimeout * slowness,
        // What a test polls for comes at once on an idle machine, and in seconds where everything runs at the same time.
        expect: { poll: { timeout: (testTimeout * slowness) / 2 } },
        hookTimeout: HANGING * slowness,
        pool: 'forks' as const,
      },
    })),
  },
});
