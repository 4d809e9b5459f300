import { describe, expect, it } from 'vitest';
import { bucket, checkShape } from './shape.ts';

describe('the shape of a link', () => {
  it.each([{}, { delay: 0 }, { delay: 20, jitter: 5, loss: 0.01, rate: 1e9 }, { loss: 1 }])('may be %j', (shape) => {
    expect(() => checkShape(shape)).not.toThrow();
  });

  it.each([{ delay: -1 }, { delay: Number.NaN }, { jitter: 1e6 }, { loss: 1.1 }, { loss: -0.1 }, { rate: 0 }, { rate: 1e15 }])(
    'is refused when it is %j',
    (shape) => {
      expect(() => checkShape(shape)).toThrow(expect.objectContaining({ code: 'BAD_SHAPE' }));
    },
  );

  it('has a bucket of 10 ms that holds two frames at least, and room for 50 ms', () => {
    expect(bucket(8e7, 1500)).toEqual({ burst: 100_000, limit: 600_000 });
    expect(bucket(1e6, 1500).burst).toBe(2 * 1514);
  });
});
