import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Scratch } from './fixture.ts';

const scratch = new Scratch();
let path: string;

beforeAll(async () => {
  path = await scratch.netns('pod');
});
afterAll(() => scratch[Symbol.asyncDispose]());

/** What every script begins with: a namespace of a pod, and a way to use up the descriptors of the process. */
const prelude = `
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { pbkdf2 } from 'node:crypto';
import * as native from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
import * as harness from ${JSON.stringify(join(import.meta.dirname, 'harness', 'index.ts'))};
const ns = native.Netns.open(process.argv[2]);
function useUp() {
  const fds = [];
  try {
    for (;;) fds.push(openSync('/dev/null'));
  } catch {
    return fds;
  }
}
const nameOf = (error) => error.errnoName ?? error.message;`;

/** Runs a script with 64 descriptors in a network namespace of its own, which a mistake may spoil; answers what it prints. */
function run(script: string): unknown {
  const file = join(scratch.directory, 'script.mts');
  writeFileSync(file, `${prelude}${script}`);
  return JSON.parse(execFileSync('unshare', ['-n', 'prlimit', '--nofile=64', process.execPath, file, path], { encoding: 'utf8' }));
}

test('a sysctl meant for a pod is never written in the own namespace, though the descriptor for the pod cannot be had', () => {
  const answer = run(`
    const read = () => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim();
    // Threads that have other work first: by the time of the write there are descriptors again.
    for (let i = 0; i < 4; i++) pbkdf2('a', 'b', 200_000, 64, 'sha512', () => undefined);
    const fds = useUp();
    const written = native.setSysctl(ns, 'net.ipv4.ip_forward', '1').then(() => 'written', nameOf);
    for (const fd of fds) closeSync(fd);
    console.log(JSON.stringify({ outcome: await written, own: read() }));`);
  expect(answer).toEqual({ outcome: 'EMFILE', own: '0' });
});

test('without descriptors every call fails with EMFILE, keeps none, and works when there are some again', () => {
  const answer = run(`
    const socket = await native.Rtnetlink.open(ns);
    const tap = await harness.openTap(ns, 'tap0');
    const calls = {
      setSysctl: () => native.setSysctl(ns, 'net.ipv4.ip_forward', '0'),
      getSysctl: () => native.getSysctl(ns, 'net.ipv4.ip_forward'),
      openFileIn: async () => (await native.openFileIn(ns, '/proc/thread-self/net/dev', 0)).close(),
      netlink: async () => (await native.Rtnetlink.open(ns)).close(),
      ownNetlink: async () => (await native.Rtnetlink.open()).close(),
      request: async () => void (await socket.links.list()),
      inet: async () => (await native.openInetSocket(ns, { family: 4, type: 'stream' })).close(),
      packet: async () => (await harness.openPacketSocket(ns)).close(),
      tap: async () => (await harness.openTap(ns, 'tap1')).close(),
      wire: async () => harness.Wire.start(tap, tap).close(),
      programs: async () => void (await native.attachedPrograms({ ifindex: 1, netns: ns, attachType: native.AttachType.xdp }).catch((error) => { if (nameOf(error) === 'EMFILE') throw error; })),
      create: async () => (await native.Netns.create()).close(),
      current: async () => native.Netns.current().close(),
      map: async () => native.createMap({ type: 1, keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, name: 'm' }).close(),
    };
    const outcomes = async () => Object.fromEntries(await Promise.all(Object.entries(calls).map(async ([name, call]) =>
      [name, await call().then(() => 'ok', nameOf)])));
    await outcomes();
    // What is closed may be a thread's until that has ended.
    const count = async () => {
      const now = () => readdirSync('/proc/self/fd').length;
      for (let last = now(); ; last = now()) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (now() === last) return last;
      }
    };
    const before = await count();
    const fds = useUp();
    const without = await outcomes();
    for (const fd of fds) closeSync(fd);
    const kept = (await count()) - before;
    console.log(JSON.stringify({ without, kept, after: await outcomes(), left: (await count()) - before }));`) as Record<string, object>;
  expect(new Set(Object.values(answer['without'] ?? {}))).toEqual(new Set(['EMFILE']));
  expect(new Set(Object.values(answer['after'] ?? {}))).toEqual(new Set(['ok']));
  // One that a thread held for its last moments at the first count may be gone at the second.
  expect(Math.max(Number(answer['kept']), Number(answer['left']), 0)).toBe(0);
});
