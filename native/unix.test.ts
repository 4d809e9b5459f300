import { mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fd, liveFds } from './fd.ts';
import { openNetlinkSocket } from './socket.ts';
import { createMemoryFile, readMemoryFile, UnixConnection, UnixListener } from './unix.ts';

let folder: string;
let before: number;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

beforeEach(() => {
  before = liveFds().size;
  folder = mkdtempSync(join(tmpdir(), 'unix-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  expect(liveFds().size, 'descriptors left open').toBe(before);
});

function pair() {
  const listener = UnixListener.listen(join(folder, 'socket'), 0o600, 8);
  const client = UnixConnection.connect(join(folder, 'socket'));
  const server = listener.accept();
  if (server === undefined) throw new Error('accept: nobody waits');
  const close = () => {
    for (const one of [listener, client, server]) one[Symbol.dispose]();
  };
  return { listener, client, server, [Symbol.dispose]: close };
}

test('the file of a listener has its mode from the first moment on', () => {
  using listener = UnixListener.listen(join(folder, 'socket'), 0o600, 1);
  expect(statSync(join(folder, 'socket')).mode & 0o777).toBe(0o600);
  expect(listener.accept()).toBeUndefined();
  expect(() => UnixListener.listen(join(folder, 'socket'), 0o600, 1)).toThrow(/listen at .*address already in use/);
  expect(() => UnixListener.listen(join(folder, 'x'.repeat(120)), 0o600, 1)).toThrow(/name too long/);
});

test('a full queue refuses at once', () => {
  using _listener = UnixListener.listen(join(folder, 'socket'), 0o600, 0);
  using _first = UnixConnection.connect(join(folder, 'socket'));
  expect(() => UnixConnection.connect(join(folder, 'socket'))).toThrow(/resource temporarily unavailable/);
});

test('bytes and descriptors arrive together, and the peer is known', () => {
  using ends = pair();
  expect(ends.server.receive(10)).toBeUndefined();
  using file = createMemoryFile(Buffer.from('inside'));
  using other = Fd.adopt(openSync(import.meta.filename, 'r'), 'this file');
  expect(ends.client.send(Buffer.from('hello'), [file, other])).toBe(5);
  const { data, fds } = ends.server.receive(10) ?? { data: Buffer.alloc(0), fds: [] };
  expect(text(data)).toBe('hello');
  expect(fds).toHaveLength(2);
  expect(fds[0] && text(readMemoryFile(fds[0], 100))).toBe('inside');
  expect(fds[1] && readFileSync(fds[1].use(), 'utf8')).toContain('arrive together');
  for (const fd of fds) fd.close();
  expect(ends.server.peer()).toEqual({ pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
});

test('the end of the peer is an empty message, and sending to it an error', () => {
  using ends = pair();
  ends.client.fd.close();
  expect(ends.server.receive(10)?.data).toHaveLength(0);
  expect(() => ends.server.send(Buffer.from('x'))).toThrow(/broken pipe/);
});

test('only a sealed memory file is read', async () => {
  using file = createMemoryFile(Buffer.from('12345'));
  expect(() => readMemoryFile(file, 4)).toThrow(/file too large/);
  expect(text(readMemoryFile(file, 5))).toBe('12345');
  expect(text(readMemoryFile(file, 5)), 'from its beginning again').toBe('12345');
  using notMemory = Fd.adopt(openSync('/proc/self/stat', 'r'), '/proc/self/stat');
  expect(() => readMemoryFile(notMemory, 100)).toThrow(/read \/proc\/self\/stat: .*invalid argument/);
  using socket = await openNetlinkSocket(undefined, 0);
  expect(() => readMemoryFile(socket, 100)).toThrow(/invalid argument/);
});
