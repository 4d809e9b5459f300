import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gadget, gadgets } from '../contract/widget.ts';
import { openEmbedded } from './index.ts';

/** Runs the child until it ends or kills itself at an operation; gives what it said. */
function crash(path: string, killAt: number): string[] {
  const { stdout, stderr, signal, status } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'crash-child.ts'), path, String(killAt)],
    { encoding: 'utf8' },
  );
  if (signal !== 'SIGKILL' && status !== 0) throw new Error(`crash-child ended with ${status}: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '');
}

/** The state of each object after the lines, `gone` or the number in it. */
function stateAfter(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => line.split(' ') as [string, string]));
}

/** What the next write would have made of it: it may have happened. */
function nextState(state: string | undefined, name: string): string {
  if (state === undefined) return '0';
  if (state === '0') return '1';
  return name === 'crash-1' ? 'gone' : '1';
}

async function stateIn(path: string): Promise<Record<string, string>> {
  const store = await openEmbedded({ path });
  const { items } = await store.list(gadgets);
  // a store that was killed takes writes
  await store.create(gadgets, gadget('after-the-crash'));
  await store.close();
  return Object.fromEntries(items.map(({ metadata, data }) => [metadata.name ?? '', data?.['n'] ?? '']));
}

test('a kill before any operation on files loses no acknowledged write and makes none up', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-crash-'));
  const total = Number(crash(join(folder, 'whole'), 0).at(-1)?.split(' ')[1]);
  expect(total).toBeGreaterThan(20);
  for (let killAt = 1; killAt <= total; killAt += 1) {
    const path = join(folder, `killed-${killAt}`);
    const acknowledged = stateAfter(crash(path, killAt));
    const found = await stateIn(path);
    for (let n = 0; n < 3; n += 1) {
      const name = `crash-${n}`;
      const allowed = [acknowledged[name], nextState(acknowledged[name], name)].map((state) => (state === 'gone' ? undefined : state));
      expect(allowed, `${name} after a kill at operation ${killAt} of ${total}`).toContain(found[name]);
    }
    rmSync(path);
  }
  rmSync(folder, { recursive: true });
});
