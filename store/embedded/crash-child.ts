/*
 * A process of crash.test.ts: `node crash-child.ts FILE N` writes to a store, a line of output per write that was acknowledged, and kills itself right before
 * its Nth operation on files; with N = 0 it only counts them.
 */

import { writeSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { gadget, gadgets } from '../contract/widget.ts';

const [path = '', killAt = '0'] = process.argv.slice(2);
let operations = 0;

function step(): void {
  operations += 1;
  if (operations === Number(killAt)) process.kill(process.pid, 'SIGKILL');
}

/** Counts calls of a method. */
function counted(target: object, name: string): void {
  const holder = target as Record<string, (...args: unknown[]) => unknown>;
  const method = holder[name];
  if (method === undefined) throw new Error(`count calls of ${name}: there is no such method`);
  holder[name] = function (this: unknown, ...args: unknown[]) {
    step();
    return method.apply(this, args);
  };
}

const handle = await files.open('/dev/null');
for (const name of ['write', 'writeFile', 'datasync', 'sync', 'truncate']) counted(Object.getPrototypeOf(handle), name);
for (const name of ['open', 'rename', 'rm', 'mkdir', 'readFile']) counted(files, name);
await handle.close();
syncBuiltinESMExports();
const { openEmbedded } = await import('./index.ts');

/** Large enough that the file is made anew on the way. */
const text = 'x'.repeat(500_000);
const store = await openEmbedded({ path });
const say = (line: string) => writeSync(1, `${line}\n`);
for (let n = 0; n < 3; n += 1) {
  const made = await store.create(gadgets, gadget(`crash-${n}`, { text, n: '0' }));
  say(`crash-${n} 0`);
  await store.update(gadgets, { ...made, data: { text, n: '1' } });
  say(`crash-${n} 1`);
  if (n % 2 === 1) await store.delete(gadgets, { name: `crash-${n}` });
  if (n % 2 === 1) say(`crash-${n} gone`);
}
await store.close();
say(`operations ${operations}`);
