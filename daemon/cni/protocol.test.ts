import { expect, test } from 'vitest';
import { decodeRequest, encodeAnswer, encodeRequest, PROTOCOL_VERSION } from './protocol.ts';

const env = { CNI_COMMAND: 'ADD', CNI_ARGS: 'A=1;B=ü', AXONEME_ROOT: '' };

test('a request keeps its variables and the order of its descriptors', () => {
  const data = encodeRequest(env, ['sysctl', 'netns']);
  const environment = data.subarray(12);
  expect(decodeRequest(data)).toEqual({ version: PROTOCOL_VERSION, parts: ['netns', 'sysctl'], env, environment });
});

test('a message that is cut off, too long or of another kind is no request', () => {
  const whole = encodeRequest(env, ['netns']);
  for (let size = 0; size < whole.length; size++) expect(decodeRequest(whole.subarray(0, size))).toBeUndefined();
  expect(decodeRequest(Buffer.concat([whole, Buffer.of(0)]))).toBeUndefined();
  expect(decodeRequest(Buffer.from('GET /v1/healthz HTTP/1.1\r\n\r\n'))).toBeUndefined();
});

test('of another version nothing but the version is read', () => {
  expect(decodeRequest(encodeRequest(env, ['netns'], 2))).toEqual({ version: 2, parts: [], env: {}, environment: new Uint8Array() });
});

test('the first of two variables of one name counts, as for getenv', () => {
  const data = encodeRequest({ A: '1\0A=2\0=3\0B' }, []);
  expect(decodeRequest(data)?.env).toEqual({ A: '1' });
});

test('an answer counts bytes, not letters', () => {
  const bytes = Buffer.from(encodeAnswer({ status: 1, stdout: 'ü', stderr: 'no' }));
  expect(bytes.subarray(12).toString()).toBe('üno');
  expect([0, 4, 8].map((at) => new Uint32Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4))[0])).toEqual([
    1, 2, 2,
  ]);
});
