/**
 * Milliseconds that a test may wait for something: more of them where processors are emulated (`npm run test:kernels` sets
 * AXONEME_SLOWNESS, by which vitest.config.ts stretches what a whole test may take).
 */
export const patience = (milliseconds: number): number => milliseconds * Number(process.env['AXONEME_SLOWNESS'] ?? 1);
