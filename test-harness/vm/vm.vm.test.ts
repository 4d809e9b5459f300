import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type VirtualMachine, vm } from '../index.ts';

const silent = { progress: () => undefined };

/** All processes below one, but the `ps` that lists them. */
async function pidsOf(parent: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,comm=']);
  const rows = stdout
    .trim()
    .split('\n')
    .filter((line) => !line.endsWith(' ps'))
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (of: number): number[] => rows.filter(([, up]) => up === of).flatMap(([pid = 0]) => [pid, ...below(pid)]);
  return below(parent);
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a virtual machine', () => {
  let machine: VirtualMachine;
  beforeAll(async () => {
    machine = await vm({ kernel: '6.12', ...silent });
  });
  afterAll(() => machine?.close());

  it('runs another kernel', async () => {
    expect(machine.release).toMatch(/^6\.12\./);
    expect(await machine.run(['uname', '-r'])).toBe(`${machine.release}\n`);
  });

  it.each([
    ['a command that fails', ['sh', '-c', 'exit 7'], { code: 7, signal: null }],
    ['one that a shell saw killed', ['sh', '-c', 'exit 137'], { code: 137, signal: null }],
    ['one that is killed', ['sh', '-c', 'kill -9 $$'], { code: null, signal: 'SIGKILL' }],
    ['one that there is not', ['no-such-command'], { code: 127, signal: null, stderr: 'run no-such-command: No such file or directory\n' }],
    ['one that may not be run', ['/etc/passwd'], { code: 126, signal: null }],
  ])('tells the end of %s', async (_, argv, end) => {
    expect(await machine.exec(argv)).toMatchObject(end);
  });

  it('keeps output and error output apart, and passes them on as they come', async () => {
    const heard: string[] = [];
    const onOutput = (stream: string, bytes: Buffer) => void heard.push(`${stream} ${bytes}`);
    const result = await machine.exec(['sh', '-c', 'echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three'], { onOutput });
    expect(result).toMatchObject({ code: 0, stdout: 'one\nthree\n', stderr: 'two\n' });
    expect(heard).toEqual(['stdout one\n', 'stderr two\n', 'stdout three\n']);
  });

  it('loses no byte of much', async () => {
    const { stdout } = await machine.execRaw(['sh', '-c', 'head -c 20000000 /dev/zero']);
    expect(stdout.length).toBe(20_000_000);
  });

  it('gives a command its folder, its environment and no other, and its input', async () => {
    process.env['AXONEME_SECRET'] = 'secret';
    const { stdout } = await machine.exec(['sh', '-c', 'pwd; env; cat'], { cwd: tmpdir(), env: { MINE: 'a b' }, input: 'hello' });
    const lines = stdout.split('\n');
    expect([lines[0], lines.at(-1)]).toEqual([tmpdir(), 'hello']);
    expect(lines).toContain('MINE=a b');
    expect(stdout).not.toContain('AXONEME_SECRET');
  });

  it('does not wait for what a command left running', async () => {
    const { duration } = await machine.exec(['sh', '-c', 'sleep 60 &']);
    expect(duration).toBeLessThan(60_000);
  });

  it('sees the files of this computer, and writes to memory', async () => {
    const mark = join(import.meta.dirname, 'written-in-the-guest');
    await machine.run(['sh', '-c', `echo mark > ${mark}; echo changed > /etc/hostname`]);
    expect((await machine.readFile(mark)).toString()).toBe('mark\n');
    expect(existsSync(mark)).toBe(false);
    expect(readFileSync('/etc/hostname', 'utf8')).not.toBe('changed\n');
  });

  it('cannot write through the share below its own file system either', async () => {
    const mark = join(import.meta.dirname, 'written-through-the-share');
    const script = `mkdir -p /mnt/share && mount -t virtiofs axoneme /mnt/share && touch /mnt/share${mark}`;
    expect(await machine.exec(['sh', '-c', script])).toMatchObject({ code: 1, stderr: expect.stringContaining('Read-only file system') });
  });

  it('has no network device but lo, and loads the modules of those that are asked for', async () => {
    expect(await machine.run(['ls', '/sys/class/net'])).toBe('lo\n');
    await machine.run(['ip', 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two']);
    await machine.run(['ip', 'link', 'add', 'three', 'type', 'wireguard']);
    expect(await machine.run(['ls', '/sys/class/net'])).toBe('lo\none\nthree\ntwo\n');
  });

  it('is told a failure as an error with the words of the command', async () => {
    const failing = machine.run(['sh', '-c', 'echo this is why >&2; exit 3']);
    await expect(failing).rejects.toMatchObject({ code: 'COMMAND_FAILED', message: expect.stringContaining('exit status 3: this is why') });
  });

  it('ends when a command takes too long, and says so', async () => {
    await expect(machine.exec(['sleep', '60'], { timeout: 500 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(machine.exec(['true'])).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('a virtual machine that ends', () => {
  it('by a panic shows the console', async () => {
    await using machine = await vm({ kernel: '6.1', ...silent });
    const panic = machine.exec(['sh', '-c', 'echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger']);
    const message = expect.stringMatching(/panicked: sysrq triggered crash; the end of its console:\n/);
    await expect(panic).rejects.toMatchObject({ code: 'KERNEL_PANIC', message });
  });

  it('by an abort, or by being closed, leaves no process', async () => {
    const controller = new AbortController();
    const machine = await vm({ kernel: '6.1', signal: controller.signal, ...silent });
    expect((await pidsOf(process.pid)).length).toBeGreaterThan(1);
    const sleeping = machine.exec(['sleep', '60'], { signal: controller.signal });
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ code: 'VM_CLOSED' });
    await machine.close();
    expect((await pidsOf(process.pid)).filter(isRunning)).toEqual([]);
  });

  it('with its process, by kill -9, leaves none either', async () => {
    const script = `
      import { vm } from ${JSON.stringify(join(import.meta.dirname, '../index.ts'))};
      const machine = await vm({ kernel: '6.1' });
      console.log(machine.release);
      await machine.run(['sleep', '60']);`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const pids = await pidsOf(child.pid ?? 0);
    expect(pids.length).toBeGreaterThan(1);
    child.kill('SIGKILL');
    await once(child, 'close');
    await expect.poll(() => pids.filter(isRunning)).toEqual([]);
  });
});

it('runs the example of the page as it stands', async () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/vm.md'), 'utf8');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(page) ?? [];
  const code = example.replace("'axoneme/test-harness'", JSON.stringify(join(import.meta.dirname, '../index.ts')));
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '--eval', code]);
  expect(stdout).toMatch(/^6\.12\.\d+\S*\n\n0 lo\none\ntwo\n/);
});
