import { expect, it } from 'vitest';
import { isRealTime } from './rodata.ts';

it.each([
  ['#1 SMP PREEMPT_RT Debian 6.12.48-1 (2025-09-20)', true],
  ['#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)', false],
  ['#1 SMP Debian 5.10.234-1 (2025-02-24)', false],
])('%s is a real-time kernel: %s', (build, expected) => {
  expect(isRealTime(build)).toBe(expected);
});
