import { expect, it } from 'vitest';
import { unlz4 } from './lz4.ts';

it('unpacks literals, copies that overlap themselves, and long lengths', () => {
  // `lz4 -l` of the LZ4 project, given 300 times `ab` and then `the end`
  const packed = Buffer.from('02214c18100000002f61620200ffff457074686520656e64', 'hex');
  expect(unlz4(packed).toString()).toBe(`${'ab'.repeat(300)}the end`);
});
