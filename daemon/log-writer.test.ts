import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

const file = (name: string) => JSON.stringify(join(import.meta.dirname, name));

/** A process that logs to its standard error, which is a pipe that nobody reads until the test does. */
const start = (body: string): ChildProcess => {
  const program = `
    const { createLogger } = await import(${file('log.ts')});
    const { LogWriter } = await import(${file('log-writer.ts')});
    const log = createLogger('info', LogWriter.standardError());
    const text = 'x'.repeat(1000);
    ${body}`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'pipe'] });
};

let child: ChildProcess;
afterEach(() => child.kill('SIGKILL'));

/** Everything that comes by a stream from now on. */
async function readAll(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += chunk;
  return text;
}

const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line): { msg: string; lines?: number; number?: number } => JSON.parse(line));

describe('the log, when nobody reads it', () => {
  it('does not stop the process, loses the newest lines beyond a limit, and says how many', async () => {
    child = start(`
      for (let number = 0; number < 5000; number++) log.info({ number, text }, 'line');
      console.log('went on');
      process.stdin.once('data', () => { log.info('last'); process.stdin.destroy(); });`);
    const [said] = await once(child.stdout ?? child, 'data');
    expect(String(said)).toBe('went on\n');
    const reading = readAll(child.stderr);
    await sleep(300);
    child.stdin?.write('\n');
    const read = lines(await reading);
    const numbers = read.flatMap(({ number }) => number ?? []);
    const lost = read.reduce((sum, { lines: count = 0 }) => sum + count, 0);
    expect(numbers).toEqual(Array.from(numbers, (_, i) => i));
    expect(lost).toBeGreaterThan(3000);
    expect(numbers.length + lost).toBe(5000);
    expect(read.at(-1)?.msg).toBe('last');
  });

  it('lets the process end, after a second at most', async () => {
    child = start(`
      for (let number = 0; number < 5000; number++) log.info({ number, text }, 'line');
      console.log('ending');`);
    const ended = once(child, 'exit');
    await once(child.stdout ?? child, 'data');
    const began = performance.now();
    expect(await ended).toEqual([0, null]);
    expect(performance.now() - began).toBeGreaterThan(500);
  });

  it('still has room for an error, which comes out when the reader comes back before the end', async () => {
    child = start(`
      for (let number = 0; number < 5000; number++) log.info({ number, text }, 'line');
      console.log('crashing');
      log.error('crashed');
      process.exit(1);`);
    await once(child.stdout ?? child, 'data');
    const read = lines(await readAll(child.stderr));
    expect(read.at(-1)?.msg).toBe('crashed');
    expect(read.at(-2)?.lines).toBeGreaterThan(3000);
  });
});

it('a line is out before the process is killed', async () => {
  child = start(`log.error('crashed'); process.kill(process.pid, 'SIGKILL');`);
  expect(lines(await readAll(child.stderr)).map(({ msg }) => msg)).toEqual(['crashed']);
});

it('a reader that is gone stops nothing', async () => {
  child = start(`
    process.stdin.once('data', () => {
      for (let number = 0; number < 5000; number++) log.info({ number, text }, 'line');
      console.log('went on');
      process.exit(0);
    });`);
  child.stderr?.destroy();
  child.stdin?.write('\n');
  expect(await readAll(child.stdout)).toBe('went on\n');
});
