import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { listLabs } from './inventory.ts';

/** What one worker of a test runner does: three labs, all with the same names and numbers, each used and closed. */
const WORK = `
import { Lab, ping } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../index.ts')).href)};
const names = [];
for (let round = 0; round < 3; round += 1) {
  await using lab = await Lab.create({ nodes: { a: {} }, hosts: { b: {} }, links: [{ between: ['a', 'b'], relay: round === 1 }] });
  names.push(lab.name);
  await lab.node('a').writeFile('/etc/mark', lab.name);
  const pod = await lab.node('a').addPod('pod');
  const { reached } = await ping(lab.node('a'), lab.machine('b'));
  if (!reached || (await pod.run(['cat', '/etc/mark'])) !== lab.name) throw new Error('the labs are not apart');
}
`;

async function inProcess(): Promise<string[]> {
  const args = ['--input-type=module-typescript', '--eval', `${WORK}\nconsole.log(JSON.stringify(names));`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await text(child.stdout)) as string[];
}

async function inThread(): Promise<string[]> {
  const source = `${WORK}\nimport { parentPort } from 'node:worker_threads';\nparentPort.postMessage(names);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { trackUnmanagedFds: false });
  const [names] = (await once(worker, 'message')) as [string[]];
  await worker.terminate();
  return names;
}

describe('labs of parallel workers', () => {
  it.each([
    ['processes', inProcess],
    ['threads', inThread],
  ])('are built at once and kept apart (%s)', async (_, worker) => {
    const built = (await Promise.all([worker(), worker()])).flat();
    expect(new Set(built).size).toBe(6);
    expect(listLabs().filter(({ name }) => built.includes(name))).toEqual([]);
  });
});
