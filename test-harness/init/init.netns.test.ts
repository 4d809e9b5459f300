import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCgroup } from '../lab/cgroup.ts';
import { nextLabName } from '../lab/identity.ts';
import { MachineInit } from '../lab/machine-init.ts';
import { startReaper } from '../lab/reaper.ts';
import { cgroup2Root, Lab, type Node, pause } from '../lab/testing.ts';
import { initProgram } from './program.ts';
import { encodeFrame, FrameReader } from './wire.ts';

const descriptorsOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

describe('commands of a machine', () => {
  let lab: Lab;
  let node: Node;
  beforeAll(async () => {
    lab = await Lab.create({ nodes: { node1: {} } });
    node = lab.node('node1');
    await node.writeFile('/run/odd', 'echo a script without a first line', 0o755);
  });
  afterAll(() => lab.close());

  it.each([
    ['an exit status', ['sh', '-c', 'exit 7'], { code: 7, signal: null }],
    ['a status that a shell gives for a signal', ['sh', '-c', 'exit 137'], { code: 137, signal: null }],
    ['a signal', ['sh', '-c', 'kill -9 $$'], { code: null, signal: 'SIGKILL', killed: false }],
    ['no such program', ['no-such-command'], { code: 127, signal: null, stderr: 'run no-such-command: No such file or directory\n' }],
    ['no program', ['/etc/passwd'], { code: 126, signal: null, stderr: 'run /etc/passwd: Permission denied\n' }],
    ['no format that the kernel knows', ['/run/odd'], { code: 126, signal: null, stderr: 'run /run/odd: Exec format error\n' }],
  ])('end with %s', async (_, argv, end) => {
    expect(await node.exec(argv)).toMatchObject(end);
  });

  it('run at once, each with its own input and output', async () => {
    const numbers = Array.from({ length: 30 }, (_, i) => `${i}`);
    const results = await Promise.all(
      numbers.map((n) => node.exec(['sh', '-c', 'sleep 0.1; cat; echo $0 >&2; exit $0', n], { input: `in ${n}` })),
    );
    expect(results.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual(numbers.map((n) => [Number(n), `in ${n}`, `${n}\n`]));
  });

  it('lose no byte of much, both ways and beside each other', async () => {
    const [large, back, small] = await Promise.all([
      node.exec(['head', '-c', '20000000', '/dev/zero']),
      node.exec(['sh', '-c', 'sleep 0.2; cat'], { input: 'x'.repeat(3_000_000) }),
      node.exec(['printf', '%s', 'small']),
    ]);
    expect(large.stdout.length).toBe(20_000_000);
    expect(back.stdout).toBe('x'.repeat(3_000_000));
    expect(small.stdout).toBe('small');
  });

  it('may leave their input unread', async () => {
    expect(await node.exec(['true'], { input: 'x'.repeat(1_000_000) })).toMatchObject({ code: 0 });
    expect(await node.exec(['readlink', '/proc/self/fd/0'])).toMatchObject({ stdout: '/dev/null\n' });
    expect((await node.exec(['readlink', '/proc/self/fd/0'], { input: '' })).stdout).toMatch(/^pipe:/);
  });

  it('have three descriptors, no signal blocked, a session and the cgroup of the machine', async () => {
    expect((await node.run(['ls', '/proc/self/fd'])).trim().split('\n')).toEqual(['0', '1', '2', '3']); // 3 is the folder
    const status = await node.run(['cat', '/proc/self/status']);
    expect(/^SigBlk:\s*(\w+)$/m.exec(status)?.[1]).toMatch(/^0+$/);
    expect(/^SigIgn:\s*(\w+)$/m.exec(status)?.[1]).toMatch(/^0+$/);
    const effective = /^CapEff:\s*(\w+)$/m;
    expect(effective.exec(status)?.[1]).toBe(effective.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
    const [pid, session] = (await node.run(['sh', '-c', 'echo $$; ps -o sid= -p $$'])).trim().split(/\s+/);
    expect(session).toBe(pid);
    expect(await node.run(['sh', '-c', 'grep ^0: /proc/self/cgroup'])).toBe('0::/\n');
    const pod = await node.addPod('cgroup');
    expect(await pod.run(['sh', '-c', 'grep ^0: /proc/self/cgroup'])).toBe('0::/\n');
    await node.removePod(pod);
  });

  it('of a pod run in its network namespace and in the mounts of the node, and say so when it is gone', async () => {
    const pod = await node.addPod('web');
    await node.writeFile('/etc/mark', 'node1');
    const id = ['readlink', '/proc/self/ns/net'];
    expect(await pod.run(id)).not.toBe(await node.run(id));
    expect(await pod.run(['cat', '/etc/mark'])).toBe('node1');
    await node.removePod(pod);
    expect(await pod.exec(['true'])).toMatchObject({ code: 126, stderr: 'enter /run/netns/web: No such file or directory\n' });
  });

  it('end at their timeout, and by an abort signal; their children go on', async () => {
    expect(await node.exec(['sleep', '60'], { timeout: 50 })).toMatchObject({ killed: true, code: null, signal: 'SIGKILL' });
    expect(await node.exec(['sleep', '60'], { signal: AbortSignal.abort() })).toMatchObject({ killed: true, signal: 'SIGKILL' });
    const begun = new AbortController();
    const running = node.exec(['sleep', '60'], { signal: begun.signal });
    await sleep(50);
    begun.abort();
    expect(await running).toMatchObject({ killed: true, signal: 'SIGKILL' });
    await node.exec(['sh', '-c', 'sleep 63 > /dev/null 2>&1 & exec sleep 60'], { timeout: 200 });
    expect(await node.run(['ps', '-e', '-o', 'args='])).toContain('sleep 63');
  });

  it('are killed on a paused machine as well', async () => {
    const fault = await pause(node);
    expect(await node.exec(['true'], { timeout: 100 })).toMatchObject({ killed: true, signal: 'SIGKILL' });
    await fault.lift();
  });

  it('end with the last process that holds their output, and a daemon does not hold it', async () => {
    const late = await node.exec(['sh', '-c', '(sleep 0.2; echo late) & echo early']);
    expect(late).toMatchObject({ code: 0, stdout: 'early\nlate\n' });
    const { duration } = await node.exec(['sh', '-c', 'setsid sleep 64 < /dev/null > /dev/null 2>&1 &']);
    expect(duration).toBeLessThan(30_000);
    expect(await node.run(['ps', '-e', '-o', 'args='])).toContain('sleep 64');
  });

  it('that are orphaned are reaped, and process 1 keeps nothing of what has ended', async () => {
    const before = descriptorsOf(node.pid);
    await Promise.all(Array.from({ length: 20 }, () => node.exec(['sh', '-c', '(sleep 0.1 &) ; (exit 3) & exit 0'])));
    await node.exec(['no-such-command'], { input: 'unread' });
    await expect.poll(() => node.run(['ps', '-e', '-o', 'stat='])).not.toContain('Z');
    expect(descriptorsOf(node.pid)).toBe(before);
  });

  it('carry any byte and any length of argument and environment', async () => {
    const odd = '\u{1F600}\n"\'$\\ \x01';
    expect(await node.run(['printf', '%s', odd])).toBe(odd);
    expect(await node.run(['printenv', 'ODD'], { env: { ODD: odd } })).toBe(`${odd}\n`);
    expect(await node.run(['printf', '%s', '', 'b'])).toBe('b');
    expect(await node.exec(['true', 'x'.repeat(200_000)])).toMatchObject({ code: 126, stderr: 'run true: Argument list too long\n' });
    await expect(node.exec(['echo', 'a\0b'])).rejects.toMatchObject({ code: 'BAD_COMMAND' });
    await expect(node.exec([])).rejects.toMatchObject({ code: 'BAD_COMMAND' });
  });

  it('and services end with their machine, and none starts afterwards', async () => {
    const other = await Lab.create({ nodes: { a: {} } });
    const running = other.node('a').exec(['sleep', '60']);
    const service = other.node('a').spawn(['sh', '-c', 'echo last words; sleep 60']);
    await service.waitForOutput(/last words/);
    await other.close();
    expect(service.running).toBe(false);
    const killed = { code: null, signal: 'SIGKILL' };
    expect(await running).toMatchObject({ ...killed, killed: false });
    expect(await service.ended).toEqual(killed);
    const late = 'start true on a: the machine has ended';
    await expect(other.node('a').exec(['true'])).rejects.toMatchObject({ code: 'COMMAND_FAILED', message: late });
    expect(() => other.node('a').spawn(['true'])).toThrow(late);
    expect(existsSync(`${cgroup2Root()}/${other.name}`)).toBe(false);
  });

  it('are not there when the machine cannot be made, which says why', async () => {
    const cgroup = `${cgroup2Root()}/${nextLabName()}/none`;
    const message = `start machine none: axoneme init: open ${cgroup}: No such file or directory`;
    const starting = MachineInit.start({ hostname: 'none', cgroup, realRcuExpedited: false });
    await expect(starting).rejects.toMatchObject({ code: 'KEEPER_FAILED', message });
  });

  it('take signals from the moment they are asked for', async () => {
    const service = node.spawn(['sleep', '60']);
    service.signal('SIGTERM');
    expect(await service.ended).toEqual({ code: null, signal: 'SIGTERM' });
    expect(service.pid).toBeUndefined();
  });
});

/** A machine that is told bytes which are no conversation; how it ends, and what it says. */
async function machineThatHears(bytes: Uint8Array): Promise<{ code: number | null; frames: string[] }> {
  const lab = makeCgroup(`${cgroup2Root()}/${nextLabName()}`);
  const reaper = startReaper(lab);
  const arguments_ = ['--lab', 'fuzz', cgroup2Root(), makeCgroup(`${lab}/fuzz`), 'scratch'];
  const child = spawn(initProgram(), arguments_, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const wire = child.stdio[3] as Socket;
  const reader = new FrameReader();
  const frames: string[] = [];
  wire.on('data', (chunk: Buffer) => {
    for (const { kind, command } of reader.take(chunk)) frames.push(`${kind}${command}`);
  });
  wire.on('error', () => undefined);
  wire.end(bytes);
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(await reaper.reap()).toEqual([]);
  return { code, frames };
}

describe('process 1 of a machine', () => {
  it('ends in order when its wire does, in the middle of a frame too, whatever it was told', { timeout: 120_000 }, async () => {
    const command = fc
      .tuple(
        fc.constantFrom(0, 1, 255),
        fc.array(fc.constantFrom('', '/', '.', '0', '1', '3', '99999999999', 'true', 'A=b', 'x'), { maxLength: 10 }),
      )
      .map(([flag, texts]) => Buffer.from([flag, ...Buffer.from(texts.join('\0'))]));
    const frame = fc
      .record({ kind: fc.constantFrom('C', 'K', 'Q'), command: fc.nat(3), payload: fc.oneof(command, fc.uint8Array({ maxLength: 20 })) })
      .map(({ kind, command: id, payload }) => encodeFrame({ kind, command: id, payload: Buffer.from(payload) }));
    const stream = fc.tuple(fc.array(frame, { maxLength: 12 }), fc.uint8Array({ maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(stream, async ([frames, rest]) => {
        const end = await machineThatHears(Buffer.concat([...frames, rest]));
        expect(end.code).toBe(0);
        expect(end.frames[0]).toBe('R0');
      }),
      { numRuns: 60 },
    );
  });

  it('tells a start, an exit and the end of the output, in this order', async () => {
    await using lab = await Lab.create({ nodes: { a: {} } });
    const kinds: string[] = [];
    const { client } = lab.node('a').place.init;
    const command = { argv: ['sh', '-c', 'echo out'], env: {}, cwd: '/tmp', netns: '', cgroup: '.', input: undefined };
    const child = client.start(command, (stream, bytes) => kinds.push(`${stream} ${bytes}`));
    void child.exited.then(() => kinds.push('exit'));
    await child.closed;
    expect(kinds).toEqual(['stdout out\n', 'exit']);
    expect(child.running).toBe(false);
  });
});
