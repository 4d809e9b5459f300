import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeHeartbeat, HUNG_MS, monotonicMs } from '../../conf/heartbeat.ts';
import { type Fd, hasErrno, readMemoryFile, takeFileLock, type UnixConnection, UnixListener } from '../../native/index.ts';

/*
 * The launcher as the build made it, between a daemon that does what the test wants and a cold executable that tells what reached it. The protocol is
 * spelt out here: the two other places that know it are daemon.c and daemon/cni/protocol.ts.
 */

const built = join(import.meta.dirname, '..', '..', 'dist', 'bin', 'axoneme-cni');
const coldScript =
  '#!/bin/sh\nenv > "$0.env"\ncat > "$0.stdin"\nls -l /proc/self/fd | grep -c axoneme-stdin > "$0.fds"\necho cold\nexit 3\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'launcher-'));
  mkdirSync(join(folder, 'run/axoneme'), { recursive: true });
  copyFileSync(built, join(folder, 'axoneme-cni'));
  chmodSync(join(folder, 'axoneme-cni'), 0o755);
  writeFileSync(join(folder, 'axoneme-cni-cold'), coldScript, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

function start(
  env: Readonly<Record<string, string>>,
  input: string | Uint8Array = '{"name":"n"}',
  command: readonly [string, ...string[]] = [join(folder, 'axoneme-cni')],
): { child: ChildProcess; ending: Promise<Ending> } {
  const began = performance.now();
  const [program, ...rest] = command;
  const child = spawn(program, rest, {
    env: { PATH: '/usr/bin:/bin', AXONEME_ROOT: folder, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined).end(input);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const ending = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(([code, stdout, stderr]) => ({
    code,
    stdout,
    stderr,
    milliseconds: performance.now() - began,
  }));
  return { child, ending };
}

const listen = () => UnixListener.listen(join(folder, 'run/axoneme/cni.sock'), 0o600, 4);

async function accept(listener: UnixListener): Promise<UnixConnection> {
  for (;;) {
    const connection = listener.accept();
    if (connection !== undefined) return connection;
    await sleep(1);
  }
}

/** Takes a request and says `word`. */
async function take(listener: UnixListener, word = 'T') {
  const connection = await accept(listener);
  for (;;) {
    const received = connection.receive(32 * 1024);
    if (received === undefined) await sleep(1);
    else {
      const data = Buffer.from(received.data);
      const [stdin] = received.fds;
      const input = stdin === undefined ? '' : Buffer.from(readMemoryFile(stdin, 16 << 20)).toString();
      for (const fd of received.fds) fd.close();
      connection.send(Buffer.from(word));
      return { connection, head: data.subarray(0, 12), variables: data.toString('utf8', 12).split('\0'), input };
    }
  }
}

const answer = (status: number, stdout: string, stderr = '') =>
  Buffer.concat([Buffer.from(Uint32Array.of(status, stdout.length, stderr.length).buffer), Buffer.from(stdout + stderr)]);
const cold = async (what: 'env' | 'stdin' | 'fds') => readFileSync(join(folder, `axoneme-cni-cold.${what}`), 'utf8');

describe('a daemon that answers', () => {
  test('gets the call and nothing else, and its answer is the plugin', async () => {
    using listener = listen();
    const { ending } = start({ CNI_COMMAND: 'CHECK', CNI_PATH: '/a:/b', NODE_OPTIONS: '--x', HOME: '/root' }, 'conf');
    const { connection, head, variables, input } = await take(listener);
    using _connection = connection;
    expect([head.toString('latin1', 0, 4), head.readUInt16LE(4), head.readUInt16LE(6)]).toEqual(['ACNI', 1, 0]);
    expect(variables.filter(Boolean).sort()).toEqual([`AXONEME_ROOT=${folder}`, 'CNI_COMMAND=CHECK', 'CNI_PATH=/a:/b']);
    expect(input).toBe('conf');
    const whole = answer(1, '{"code":50}\n', 'axoneme-cni: no\n');
    connection.send(whole.subarray(0, 20));
    await sleep(5);
    connection.send(whole.subarray(20));
    expect(await ending).toMatchObject({ code: 1, stdout: '{"code":50}\n', stderr: 'axoneme-cni: no\n' });
  });

  test('may answer at length', async () => {
    using listener = listen();
    const { ending } = start({ CNI_COMMAND: 'ADD' });
    const { connection } = await take(listener);
    using _connection = connection;
    const whole = answer(0, 'x'.repeat(700_000));
    for (let sent = 0; sent < whole.length; await sleep(1)) sent += connection.send(whole.subarray(sent));
    expect((await ending).stdout).toHaveLength(700_000);
  });
});

describe('the cold executable follows', () => {
  test('a daemon that is away, with the input whole and the environment clean', async () => {
    const env = { CNI_COMMAND: 'ADD', NODE_EXTRA_CA_CERTS: '/x', LD_DEBUG: 'help', KEPT: 'yes', AXONEME_WARM: 'lost' };
    expect(await start(env, 'conf').ending).toMatchObject({ code: 3, stdout: 'cold\n' });
    expect(await cold('stdin')).toBe('conf');
    const seen = (await cold('env'))
      .split('\n')
      .filter((line) => !/^(_|PWD|OLDPWD|SHLVL)=/.test(line) && line !== '')
      .map((line) => line.replace(/(WAITED_MS)=\d+/, '$1=some'));
    expect(seen.sort()).toEqual(
      [`AXONEME_ROOT=${folder}`, 'AXONEME_WAITED_MS=some', 'CNI_COMMAND=ADD', 'KEPT=yes', 'PATH=/usr/bin:/bin'].sort(),
    );
    // as stdin, and not once more
    expect(await cold('fds')).toBe('1\n');
  });

  test('a call by hand', async () => {
    expect(await start({}).ending).toMatchObject({ code: 3 });
  });

  test('a daemon that declines, speaks nonsense, or ends before its word', async () => {
    using listener = listen();
    for (const word of ['D', '?', '']) {
      const { ending } = start({ CNI_COMMAND: 'ADD' });
      const { connection } = await take(listener, word);
      connection.fd.close();
      expect(await ending).toMatchObject({ code: 3 });
      expect(await cold('env')).not.toContain('AXONEME_WARM');
    }
  });

  test('a daemon that takes no call, in time for the rest', async () => {
    using listener = listen();
    const { ending } = start({ CNI_COMMAND: 'STATUS' });
    expect(await ending).toMatchObject({ code: 3, milliseconds: expect.toSatisfy((ms: number) => ms > 45) });
    expect(Number(/AXONEME_WAITED_MS=(\d+)/.exec(await cold('env'))?.[1])).toBeGreaterThanOrEqual(50);
    // What waits in the queue is a call that nobody wants any more: a word can no longer be told.
    const late = await accept(listener);
    expect(() => late.send(Buffer.from('T'))).toThrow(/broken pipe/);
    late.fd.close();
  });

  test('a daemon that ends in the middle, and is told so', async () => {
    using listener = listen();
    const { ending } = start({ CNI_COMMAND: 'ADD' }, 'conf');
    const { connection } = await take(listener);
    connection.send(answer(0, 'half of it').subarray(0, 15));
    connection.fd.close();
    expect(await ending).toMatchObject({ code: 3, stdout: 'cold\n' });
    expect(await cold('env')).toContain('AXONEME_WARM=lost');
    expect(await cold('stdin')).toBe('conf');
  });

  test('a daemon that is silent in the middle', async () => {
    using listener = listen();
    const { ending } = start({ CNI_COMMAND: 'DEL' });
    const { connection } = await take(listener);
    using _connection = connection;
    expect(await ending).toMatchObject({ code: 3 });
    expect(await cold('env')).toContain('AXONEME_WARM=silent');
  });

  test('more input than anybody reads', async () => {
    using listener = listen();
    const { ending } = start({ CNI_COMMAND: 'ADD' }, Buffer.alloc(9 * 1024 * 1024, ' '));
    const { connection, input } = await take(listener, 'D');
    connection.fd.close();
    expect(input.length).toBeGreaterThan(8 * 1024 * 1024);
    expect(await ending).toMatchObject({ code: 3 });
  });
});

describe('a daemon that shows that it lives', () => {
  let lock: Fd | undefined;
  const path = () => join(folder, 'run/axoneme/daemon.lock');
  const beat = (phase: 'starting' | 'serving', ageMs = 0) =>
    writeFileSync(path(), encodeHeartbeat({ pid: 1, atMs: monotonicMs() - ageMs, phase }));
  beforeEach(() => {
    lock = takeFileLock(path());
  });
  afterEach(() => lock?.close());

  test('is waited for when it is slow to take a call, and when it is slow to answer it', async () => {
    using listener = listen();
    beat('serving');
    const { ending } = start({ CNI_COMMAND: 'DEL' });
    await sleep(1500);
    const { connection } = await take(listener);
    using _connection = connection;
    await sleep(1500);
    connection.send(answer(0, 'late'));
    expect(await ending).toMatchObject({ code: 0, stdout: 'late' });
  });

  test('is waited for while it starts, and until the next one starts when it ends', async () => {
    beat('starting');
    const { ending } = start({ CNI_COMMAND: 'ADD' });
    await sleep(300);
    lock?.close();
    await sleep(100);
    lock = takeFileLock(path());
    await sleep(300);
    using listener = listen();
    const { connection } = await take(listener);
    using _connection = connection;
    connection.send(answer(0, 'served'));
    expect(await ending).toMatchObject({ code: 0, stdout: 'served' });
  });

  test('is left to the cold executable when it has ended, and when it has no socket for launchers', async () => {
    beat('starting');
    const { ending } = start({ CNI_COMMAND: 'ADD' });
    await sleep(300);
    lock?.close();
    expect(await ending).toMatchObject({ code: 3 });
    lock = takeFileLock(path());
    beat('serving');
    expect(await start({ CNI_COMMAND: 'ADD' }).ending).toMatchObject({ code: 3 });
  });

  test('need not answer a STATUS that it has published, to the byte, while it serves', async () => {
    using _listener = listen();
    beat('serving');
    const record = (environment: string, stdin: string) =>
      Buffer.concat([Buffer.from(Uint32Array.of(environment.length, stdin.length).buffer), Buffer.from(environment + stdin)]);
    const environment = `AXONEME_ROOT=${folder}\0CNI_COMMAND=STATUS\0`;
    const others = [record('CNI_COMMAND=STATUS\0', 'conf'), record(environment, 'conf2')];
    writeFileSync(join(folder, 'run/axoneme/status-ok'), Buffer.concat([...others, record(environment, 'conf')]));
    const asked = (input: string) => start({ CNI_COMMAND: 'STATUS' }, input).ending;
    expect(await asked('conf')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await asked('conf1')).toMatchObject({ code: 3 });
    writeFileSync(join(folder, 'run/axoneme/status-ok'), Buffer.concat(others).subarray(0, -1));
    expect(await asked('conf2'), 'half a record').toMatchObject({ code: 3 });
    writeFileSync(join(folder, 'run/axoneme/status-ok'), record(environment, 'conf'));
    beat('serving', HUNG_MS + 1000);
    expect(await asked('conf'), 'hung').toMatchObject({ code: 3 });
    lock?.close();
    expect(await asked('conf'), 'away').toMatchObject({ code: 3 });
  });

  test('is left to the cold executable when it hangs', async () => {
    using listener = listen();
    beat('serving', HUNG_MS + 1000);
    expect(await start({ CNI_COMMAND: 'ADD' }).ending).toMatchObject({ code: 3 });
    expect(await cold('env')).not.toContain('AXONEME_WARM');
    (await accept(listener)).fd.close();
    const { ending } = start({ CNI_COMMAND: 'ADD' });
    const { connection } = await take(listener);
    using _connection = connection;
    expect(await ending).toMatchObject({ code: 3 });
    expect(await cold('env')).toContain('AXONEME_WARM=silent');
  });

  test('is asked for its STATUS a second long, and not waited for while it starts', async () => {
    using listener = listen();
    beat('serving');
    expect(await start({ CNI_COMMAND: 'STATUS' }).ending).toMatchObject({ code: 3, milliseconds: expect.toSatisfy((ms) => ms > 950) });
    listener[Symbol.dispose]();
    beat('starting');
    expect(await start({ CNI_COMMAND: 'STATUS' }).ending).toMatchObject({ code: 3 });
    expect(Number(/AXONEME_WAITED_MS=(\d+)/.exec(await cold('env'))?.[1])).toBeLessThan(900);
  });
});

test('killed, it ends its connection', async () => {
  using listener = listen();
  const { child, ending } = start({ CNI_COMMAND: 'ADD' });
  const { connection } = await take(listener);
  using _connection = connection;
  child.kill('SIGKILL');
  expect((await ending).code).toBe(null);
  // with the word unread in its queue the end is a reset
  const isOver = () => {
    try {
      return connection.receive(1)?.data.length === 0;
    } catch (error) {
      return hasErrno(error, 'ECONNRESET');
    }
  };
  await expect.poll(isOver).toBe(true);
});

test('without a cold executable it says so as a plugin', async () => {
  rmSync(join(folder, 'axoneme-cni-cold'));
  const { code, stdout, stderr } = await start({ CNI_COMMAND: 'ADD' }).ending;
  const msg = `run ${folder}/axoneme-cni-cold: No such file or directory`;
  expect([code, JSON.parse(stdout)]).toEqual([1, { cniVersion: '1.0.0', code: 5, msg }]);
  expect(stderr).toBe(`axoneme-cni: ${msg}\n`);
});

test('a configuration that cannot be kept is an error: nobody can read it a second time', async () => {
  // A limit on the size of files counts for files in memory as well (setrlimit(2), RLIMIT_FSIZE).
  const limited = ['sh', '-c', `trap '' XFSZ; ulimit -f 0; exec "$0"`, join(folder, 'axoneme-cni')] as const;
  const { code, stdout } = await start({ CNI_COMMAND: 'DEL' }, '{}', limited).ending;
  expect([code, JSON.parse(stdout)]).toEqual([
    1,
    expect.objectContaining({ code: 5, msg: 'keep the configuration from stdin: File too large' }),
  ]);
});
