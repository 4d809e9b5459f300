import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { labOwner, nextLabName } from '../lab/identity.ts';
import { cgroup2Root, Lab } from '../lab/testing.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, 'axoneme-lab.ts');
const lab = (...args: string[]) => run(process.execPath, [program, ...args]);

/** The cgroup of a lab whose maker never was. */
function leftover(): string {
  const name = nextLabName();
  const dead = name.replace(`.${labOwner(name)?.startTime}.`, '.1.');
  mkdirSync(join(cgroup2Root(), dead, 'node1/service-1'), { recursive: true });
  return dead;
}

describe('axoneme-lab', () => {
  it('lists labs with their builder and machines', async () => {
    await using built = await Lab.create({ hosts: { one: {}, two: {} } });
    const { stdout } = await lab('list');
    expect(stdout).toContain(`${built.name}\n`);
    const records: { name: string; alive: boolean; machines: string[] }[] = JSON.parse((await lab('list', '-o', 'json')).stdout);
    expect(records.find(({ name }) => name === built.name)).toMatchObject({ alive: true, machines: ['one', 'two'], processes: 2 });
  });

  it('sweeps what dead processes left, says what, and leaves the living alone', async () => {
    await using built = await Lab.create({ hosts: { one: {} } });
    const dead = leftover();
    const { stdout } = await lab('sweep');
    expect(stdout).toContain(`removed ${dead}\n`);
    expect(stdout).toMatch(/\d+ labs? of living processes left alone/);
    expect([existsSync(join(cgroup2Root(), dead)), existsSync(join(cgroup2Root(), built.name))]).toEqual([false, true]);
    expect(await built.machine('one').run(['hostname'])).toBe('one\n');
  });

  it('explains itself, and refuses what it does not know', async () => {
    expect((await lab('--help')).stdout).toMatch(/^usage: axoneme-lab <command>/);
    await expect(lab('sweap')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('unknown command: sweap') });
    await expect(lab()).rejects.toMatchObject({ code: 2 });
  });

  it('says in one sentence that it needs root', async () => {
    // May read everything, or a checkout below /root could not be loaded.
    const reader = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const answer = run('setpriv', ['--reuid', '65534', '--clear-groups', ...reader, process.execPath, program, 'list']);
    await expect(answer).rejects.toMatchObject({ code: 1, stderr: 'axoneme-lab: look at labs: it needs root\n' });
  });
});
