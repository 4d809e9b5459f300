import { describe, expect, it } from 'vitest';
import { countCpus } from './cpus.ts';
import { assemble, call, exit, moveImmediate, pointToStack, storeZero } from './instructions.ts';
import { perCpuStride } from './raw-map.ts';

describe('assemble', () => {
  it('writes what llvm-objdump reads', () => {
    const hex = Buffer.from(assemble([moveImmediate(1, -1), ...storeZero(8), ...pointToStack(2, 8), call(69), exit()])).toString('hex');
    // r1 = -1; *(u64 *)(r10 - 8) = 0; r2 = r10; r2 += -8; call 69; exit
    expect(hex).toBe('b7010000ffffffff7a0af8ff00000000bfa200000000000007020000f8ffffff85000000450000009500000000000000');
  });
});

describe('countCpus', () => {
  it('is the highest number plus one', () => {
    expect(['0\n', '0-1\n', '0-3,8\n', '0,2-63'].map(countCpus)).toEqual([1, 2, 9, 64]);
    expect(() => countCpus('')).toThrow(RangeError);
  });
});

describe('perCpuStride', () => {
  it('rounds up to 8', () => {
    expect([1, 4, 8, 9, 16].map(perCpuStride)).toEqual([8, 8, 8, 16, 16]);
  });
});
