import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectUnix, exchangeUnix, hasEndedUnix } from './unix-stream.ts';

let folder: string;
let path: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'axo-unix-'));
  path = join(folder, 's');
});
afterEach(() => {
  server?.close();
  rmSync(folder, { recursive: true });
});

async function serve(onConnection: (socket: Socket) => void): Promise<void> {
  server = createServer((socket) => onConnection(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server?.listen(path, resolve));
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (chunk: Uint8Array) => new TextDecoder().decode(chunk);

test('a request goes out whole, however long, and answers come in parts', async () => {
  let size = 0;
  await serve((socket) =>
    socket.on('data', (chunk) => {
      size += chunk.length;
      if (size === 1_000_000) socket.write('one');
      if (size === 1_000_001) socket.end('two');
    }),
  );
  using connection = connectUnix(path);
  expect(text(await exchangeUnix(connection, new Uint8Array(1_000_000), 5000))).toBe('one');
  expect(text(await exchangeUnix(connection, bytes('!'), 5000))).toBe('two');
  expect(await exchangeUnix(connection, bytes(''), 5000)).toHaveLength(0);
  expect(hasEndedUnix(connection)).toBe(true);
});

test('silence has a bound', async () => {
  await serve(() => undefined);
  using connection = connectUnix(path);
  const began = performance.now();
  await expect(exchangeUnix(connection, bytes('?'), 30)).rejects.toMatchObject({ errnoName: 'ETIMEDOUT' });
  expect(performance.now() - began).toBeGreaterThanOrEqual(29);
  expect(hasEndedUnix(connection)).toBe(false);
});

test('says why there is no connection', async () => {
  expect(() => connectUnix(path)).toThrow(expect.objectContaining({ errnoName: 'ENOENT' }));
  writeFileSync(path, '');
  expect(() => connectUnix(path)).toThrow(expect.objectContaining({ errnoName: 'ECONNREFUSED' }));
  expect(() => connectUnix('x'.repeat(108))).toThrow(expect.objectContaining({ errnoName: 'ENAMETOOLONG' }));
});

test('a peer that closes is no signal and no crash', async () => {
  await serve((socket) => socket.destroy());
  using connection = connectUnix(path);
  await expect.poll(() => hasEndedUnix(connection)).toBe(true);
  const large = exchangeUnix(connection, new Uint8Array(4_000_000), 1000);
  await expect(large).rejects.toMatchObject({ errnoName: expect.stringMatching(/EPIPE|ECONNRESET/) });
});
