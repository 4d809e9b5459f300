import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Paths, paths } from '../conf/paths.ts';
import { removeAll, writeWhole } from './files.ts';
import { requireKnownFormat, STATE_FORMAT, stampFormat } from './format.ts';

let at: Paths;
beforeEach(() => {
  at = paths(mkdtempSync(join(tmpdir(), 'format-')));
});
afterEach(() => removeAll(at.root));

const stampFile = () => join(at.runDir, 'format.json');

it('accepts an empty node, and state that is older than the stamp', () => {
  expect(() => requireKnownFormat(at)).not.toThrow();
  writeWhole(join(at.runDir, 'ipam.json'), '{}');
  expect(() => requireKnownFormat(at)).not.toThrow();
});

it('accepts what it wrote itself', () => {
  stampFormat(at);
  expect(JSON.parse(readFileSync(stampFile(), 'utf8'))).toMatchObject({ format: STATE_FORMAT });
  expect(() => requireKnownFormat(at)).not.toThrow();
});

it('refuses a newer one by name and number, and changes nothing', () => {
  writeWhole(stampFile(), JSON.stringify({ format: STATE_FORMAT + 1, writtenBy: '9.1.0', more: true }));
  expect(() => requireKnownFormat(at)).toThrow(
    `was written by axoneme 9.1.0 in state format ${STATE_FORMAT + 1}, this version knows ${STATE_FORMAT}`,
  );
  expect(readdirSync(at.runDir)).toEqual(['format.json']);
});

it.each(['', '{"format":0,"writtenBy":"1"}', 'garbage'])('says that it cannot read the stamp %j', (text) => {
  stampFormat(at);
  writeFileSync(stampFile(), text);
  expect(() => requireKnownFormat(at)).toThrow('it does not say which version wrote the state');
});
