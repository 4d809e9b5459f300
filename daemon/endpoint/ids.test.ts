import { describe, expect, it } from 'vitest';
import { IdPool } from './ids.ts';

describe('IdPool', () => {
  it('goes round before it gives a freed id again', () => {
    const ids = new IdPool();
    const first = ids.take();
    ids.release(first);
    expect(ids.take()).not.toBe(first);
    for (let n = 0; n < 65533; n++) ids.take();
    expect(ids.take()).toBe(first);
    expect(() => ids.take()).toThrow('all 65535');
  });

  it('goes on behind the highest id of a restart', () => {
    const ids = new IdPool();
    expect(ids.claim(41)).toBe(true);
    expect(ids.claim(41)).toBe(false);
    expect(ids.take()).toBe(42);
  });
});
