import { describe, expect, it } from 'vitest';
import { addressBytes, addressText, macBytes, macText, prefixKey, prefixText } from './address.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('addresses of map keys', () => {
  it.each([
    ['10.0.0.1', '00000000000000000000ffff0a000001'],
    ['fd00::1', 'fd000000000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['0.0.0.0', '00000000000000000000ffff00000000'],
  ])('%s is %s', (text, bytes) => {
    expect(hex(addressBytes(text))).toBe(bytes);
    expect(addressText(Buffer.from(bytes, 'hex'))).toBe(text);
  });

  it.each([
    ['10.0.0.7/32', 128],
    ['0.0.0.0/0', 96],
    ['fd00::/8', 8],
  ])('prefix %s has %i bits', (text, bits) => {
    expect(prefixKey(text).prefixlen).toBe(bits);
    expect(prefixText(prefixKey(text))).toBe(text);
  });

  it('keeps a MAC', () => {
    expect(macText(macBytes('02:00:00:00:0f:a1'))).toBe('02:00:00:00:0f:a1');
  });
});
