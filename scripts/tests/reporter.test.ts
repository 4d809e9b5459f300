import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { project } from '../build/step.ts';
import { killRunner } from './kill-runner.ts';
import { parseReport, REPORT_FILE, type Report, STOP_AFTER } from './report.ts';

/* Runs of vitest itself, in a folder of their own. */

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'axoneme-reporter-'));
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});
afterEach(() => rm(folder, { recursive: true }));

const file = (name: string, body: string) =>
  writeFileSync(join(folder, `${name}.test.ts`), `import { afterAll, beforeAll, expect, it } from 'vitest';\n${body}`);
const report = (): Report | undefined =>
  existsSync(join(folder, 'report')) ? parseReport(readFileSync(join(folder, 'report'), 'utf8')) : undefined;

function vitest(env: NodeJS.ProcessEnv = {}): ChildProcess {
  const reporter = `--reporter=${join(project, 'scripts/tests/reporter.ts')}`;
  const args = [join(folder, 'node_modules/vitest/vitest.mjs'), 'run', '--maxWorkers=1', reporter];
  const { VITEST: _, ...clean } = process.env;
  return spawn(process.execPath, args, { cwd: folder, stdio: 'ignore', env: { ...clean, [REPORT_FILE]: join(folder, 'report'), ...env } });
}

const statusOf = async (runner: ChildProcess): Promise<number | null> => (await once(runner, 'exit'))[0];

describe('the report of a run', () => {
  it('counts tests, and names what failed in them and beside them', async () => {
    file('a', "it('adds', () => {}); it.skip('waits', () => {}); it('divides', () => expect(1).toBe(2));");
    file('b', "beforeAll(() => { throw new Error('no lab'); }); it('never runs', () => {});");
    file('c', "throw new Error('no module');");
    expect(await statusOf(vitest())).toBe(1);
    const { failures, files, ...rest } = report() ?? expect.fail('no report');
    expect(rest).toEqual({ passed: 1, failed: 3, skipped: 2, isComplete: true, isStopped: false });
    expect([...failures].sort()).toEqual([
      'a.test.ts > divides: expected 1 to be 2 // Object.is equality',
      'b.test.ts: no lab',
      'c.test.ts: no module',
    ]);
    expect(files.map(({ path }) => path).sort()).toEqual(['a.test.ts', 'b.test.ts', 'c.test.ts']);
  });
});

describe('a run that is out of time', () => {
  const hangs = `
    import { writeFileSync } from 'node:fs';
    it('ends', () => {});
    it('hangs', async () => { await new Promise((resolve) => setTimeout(resolve, HOW_LONG)); }, 1e6);
    it('is not begun', () => {});
    afterAll(() => writeFileSync('cleaned', ''));`;

  it('lets the test that runs come to its end, cleans up, and begins no other', async () => {
    file('b', "it('is not begun either', () => {});");
    // until this machine gets so far as to begin the test
    for (let seconds = 3; report()?.passed === undefined || report()?.passed === 0; seconds *= 3) {
      file('a', hangs.replace('HOW_LONG', String(seconds * 1000)));
      await statusOf(vitest({ [STOP_AFTER]: String(seconds) }));
    }
    expect(report()).toMatchObject({ failed: 0, failures: [], isComplete: true, isStopped: true });
    expect(report()?.passed).toBeLessThan(4);
    expect(existsSync(join(folder, 'cleaned'))).toBe(true);
  });

  it('is killed with the process that hangs and the program that it started, and what ended until then is told', async () => {
    const child = "spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true, stdio: 'ignore' })";
    const begins = `import { spawn } from 'node:child_process'; writeFileSync('pids', [process.pid, ${child}.pid].join());`;
    file('a', `${hangs.replace('HOW_LONG', '1e6')}\n${begins}`);
    const runner = vitest();
    await expect.poll(() => report()?.passed, { timeout: 60_000 }).toBe(1);
    killRunner(runner.pid ?? 0);
    await statusOf(runner);
    expect(report()).toMatchObject({ passed: 1, failed: 0, isComplete: false });
    const pids = readFileSync(join(folder, 'pids'), 'utf8').split(',');
    await expect.poll(() => pids.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 60_000 }).toEqual([]);
  });
});
