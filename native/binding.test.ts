import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { setAddonDirectory, sys } from './binding.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'addon-'));
  setAddonDirectory(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

it('says which file is missing', () => {
  expect(() => sys()).toThrow(`load addon ${folder}/axoneme-sys.node: no such file`);
});

it('says that a file is for another processor', () => {
  const [machine, name] = process.arch === 'arm64' ? [62, 'x64'] : [183, 'arm64'];
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(machine, 18);
  writeFileSync(join(folder, 'axoneme-sys.node'), header);
  expect(() => sys()).toThrow(`(it was built for ${name}, and this is ${process.arch})`);
});
