import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { labOwner, nextLabName } from './identity.ts';
import { cgroup2Root, sweep } from './testing.ts';

/** Builds a lab with all that could hold on: a relay, a loss program, a pod, a frozen service; tells where they are, and waits for its end. */
const SCRIPT = `
import { Lab, pause } from ${JSON.stringify(join(import.meta.dirname, '../index.ts'))};
const lab = await Lab.create({ nodes: { node1: {} }, hosts: { outside: {} }, links: [{ between: ['node1', 'outside'], relay: true, loss: 0.1 }] });
const node = lab.node('node1');
const pod = await node.addPod('p');
const service = pod.spawn(['sh', '-c', 'sleep 1000 & echo up; wait']);
await service.waitForOutput(/up/);
await pause(service);
void node.exec(['sleep', '1000'], { timeout: 1e9 });
console.log(JSON.stringify({ lab: lab.name, pids: [node.pid, lab.machine('outside').pid, ...service.pids()] }));
setInterval(() => undefined, 1000);
`;

interface Told {
  readonly lab: string;
  readonly pids: readonly number[];
}

async function victim(): Promise<{ told: Told; kill(signal: NodeJS.Signals): Promise<void> }> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', SCRIPT], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    told: JSON.parse(line.toString()) as Told,
    kill: async (signal) => {
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}

/** Gone, or a zombie whose new parent has not waited for it yet: it holds no namespace and no memory. */
function isDead(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

const processes = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

/** Network namespaces and mount namespaces that these processes are in, as far as they live. */
function namespacesOf(pids: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const pid of pids) {
    for (const kind of ['net', 'mnt']) {
      try {
        found.add(readlinkSync(`/proc/${pid}/ns/${kind}`));
      } catch {
        // it ended meanwhile
      }
    }
  }
  return found;
}

/** A pid namespace ends when the real machine's process 1 has reaped what was killed frozen; some look for that every two seconds only. */
async function gone(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 500; i += 1) {
    if (condition()) return true;
    await sleep(20);
  }
  return false;
}

describe('a lab whose process dies', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('by %s leaves no process, namespace, mount or cgroup', async (signal) => {
    const { told, kill } = await victim();
    expect(told.pids.length).toBeGreaterThanOrEqual(4);
    const spaces = told.pids.flatMap((pid) => ['net', 'mnt'].map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`)));
    // Later ones may be in other labs' namespaces, which get the numbers of those that ended.
    const before = processes();
    await kill(signal);
    expect(await gone(() => told.pids.every(isDead))).toBe(true);
    expect(await gone(() => !existsSync(join(cgroup2Root(), told.lab)))).toBe(true);
    const still = namespacesOf(before);
    expect(spaces.filter((space) => still.has(space))).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(told.lab);
  });
});

describe('sweep', () => {
  it('removes cgroups of dead labs and no others', async () => {
    const mine = nextLabName();
    const owner = labOwner(mine);
    const dead = mine.replace(`.${owner?.startTime}.`, '.1.');
    const foreign = mine.replace(`.${owner?.pidNamespace}.`, '.1.');
    for (const name of [mine, dead, foreign]) await mkdir(join(cgroup2Root(), name, 'node1/service-1'), { recursive: true });
    const swept = await sweep();
    expect(swept).toContain(dead);
    expect([mine, dead, foreign].map((name) => existsSync(join(cgroup2Root(), name)))).toEqual([true, false, true]);
    for (const name of [mine, foreign]) await removeTree(join(cgroup2Root(), name));
  });
});

async function removeTree(path: string): Promise<void> {
  const { rmdir } = await import('node:fs/promises');
  for (const folder of [join(path, 'node1/service-1'), join(path, 'node1'), path]) await rmdir(folder);
}
