import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** A level per file suffix: what a test needs of the machine is in its name. */
const levels = {
  unit: { include: ['**/*.test.ts'], exclude: ['**/*.{prog,netns,e2e,chaos,vm,bench,netkit}.test.ts'], testTimeout: 10_000 },
  prog: { include: ['**/*.prog.test.ts'], exclude: [], testTimeout: 30_000 },
  netns: { include: ['**/*.netns.test.ts'], exclude: [], testTimeout: 60_000 },
  chaos: { include: ['**/*.chaos.test.ts'], exclude: [], testTimeout: 60_000 },
  // The harness's own virtual machines, on this computer: `npm run test:kernels`.
  vm: { include: ['**/*.vm.test.ts'], exclude: [], testTimeout: 120_000 },
  // Ratios to peers, when no other test runs.
  bench: { include: ['**/*.bench.test.ts'], exclude: [], testTimeout: 60_000 },
  // Inside such a machine, on a kernel with netkit.
  netkit: { include: ['**/*.netkit.test.ts'], exclude: [], testTimeout: 60_000 },
  runtime: { include: ['**/*.e2e.test.ts'], exclude: [], testTimeout: 60_000 },
};

/** How many times longer everything takes where processors are emulated (`npm run test:kernels`). */
const slowness = Number(process.env['AXONEME_SLOWNESS'] ?? 1);

const everywhere = ['**/node_modules/**', 'dist/**', '.cache/**'];

/** The package's own name leads to its sources, so that tests and examples run unbuilt; the same rule stands in tsconfig.json. */
const resolve = { alias: [{ find: /^axoneme\/(.+)$/, replacement: join(import.meta.dirname, '$1', 'index.ts') }] };

export default defineConfig({
  test: {
    // Most tests wait for the kernel: grace periods, timeouts, duplicate address detection.
    maxWorkers: 4,
    globalSetup: 'test/support/temporary-folder.ts',
    projects: Object.entries(levels).map(([name, { include, exclude, testTimeout }]) => ({
      resolve,
      test: {
        name,
        include,
        exclude: [...everywhere, ...exclude],
        testTimeout: testTimeout * slowness,
        // What a test polls for comes at once on an idle machine, and in seconds where everything runs at the same time.
        expect: { poll: { timeout: (testTimeout * slowness) / 2 } },
        hookTimeout: 60_000 * slowness,
        pool: 'forks' as const,
      },
    })),
  },
});
