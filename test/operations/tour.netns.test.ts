import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { Rtnetlink } from '../../native/index.ts';
import { cgroup2Root } from '../../test-harness/lab/cgroup.ts';

const script = join(import.meta.dirname, '..', '..', 'scripts', 'tasks', 'demo.ts');

function startTour(): ChildProcess {
  return spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1' } });
}

/** Where file systems are mounted for this process (proc_pid_mountinfo(5), field 5). Other tests mount below the temporary folder. */
function mountTargets(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '');
}

/** What a tour could leave on the machine outside its own namespaces: the machine's devices and mounts, and cgroups of a lab that it made. */
async function traces(pid: number | undefined): Promise<unknown> {
  using netlink = await Rtnetlink.open();
  const links = (await netlink.links.list()).map(({ name }) => name);
  const mounts = mountTargets().filter((target) => !target.startsWith(tmpdir()));
  const cgroups = readdirSync(cgroup2Root()).filter((name) => name.split('.').includes(String(pid)));
  return { links, mounts, cgroups };
}

/** Headings and operators' commands of a tour, in order: what README shows must be what runs. */
function chaptersOf(text: string): string[] {
  return text.split('\n').filter((line) => /^\d+\. |^ {3}\$ /.test(line));
}

test('the tour proves what it says and leaves the machine as it was', async () => {
  const before = await traces(undefined);
  const tour = startTour();
  const [output, [code]] = await Promise.all([text(tour.stdout as NodeJS.ReadableStream), once(tour, 'exit')]);
  expect(output).toContain('36 of 36 conversations worked');
  expect(output).toContain('nothing of axoneme is left');
  expect(output).toMatch(/tcx\/ingress axo_from_container|bpftool here is older/);
  expect(code).toBe(0);
  expect(await traces(tour.pid)).toEqual(before);
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  expect(chaptersOf(readme.split('<!-- tour:begin -->')[1] ?? '')).toEqual(chaptersOf(output));
});

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('a tour ended by %s half-way leaves nothing', async (signal) => {
  const before = await traces(undefined);
  const tour = startTour();
  for await (const chunk of tour.stdout as NodeJS.ReadableStream) if (String(chunk).includes('Three pods')) break;
  tour.kill(signal);
  await once(tour, 'exit');
  await expect.poll(() => traces(tour.pid)).toEqual(before);
});
