import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';

it('leaves no mount, folder or cgroup behind a process that is killed', async () => {
  const program = `
    const { Scratch } = await import(${JSON.stringify(join(import.meta.dirname, 'fixture.ts'))});
    const scratch = new Scratch();
    await scratch.bpffs();
    await scratch.netns('pod');
    console.log(JSON.stringify([scratch.directory, scratch.cgroup('axo-killed')]));
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20);`;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 120_000 });
  expect(signal).toBe('SIGKILL');
  const paths: string[] = JSON.parse(stdout);
  expect(paths.length).toBe(2);
  await vi.waitFor(() => {
    for (const path of paths) {
      expect(existsSync(path)).toBe(false);
      expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(` ${path}`);
    }
  }, 60_000);
});
