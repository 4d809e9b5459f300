import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { errorBody, toCniError } from '../conf/cni/errors.ts';
import { runDelegate } from './delegate.ts';
import { callOf } from './testing/fakes.ts';

const folder = mkdtempSync(join(tmpdir(), 'delegate-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A plugin that writes down what it was given and runs `script`. */
function plugin(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\nset -e\nprintenv CNI_COMMAND CNI_CONTAINERID > ${path}.env\ncat > ${path}.in\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const call = callOf('ADD', { ipam: { type: 'x', mine: 1 } }, { CNI_PATH: `/nowhere:${folder}`, PATH: process.env['PATH'] ?? '' });
const refusalOf = async (type: string) =>
  errorBody(toCniError(await runDelegate(type, 'DEL', call).catch((error: unknown) => error)), '1.1.0');

test('runs the plugin with the environment of the call, another command, and the whole configuration', async () => {
  const path = plugin('echo', 'echo \'{"ips":[]}\'');
  expect(await runDelegate('echo', 'DEL', call)).toEqual({ ips: [] });
  expect(readFileSync(`${path}.env`, 'utf8')).toBe('DEL\nc1\n');
  expect(JSON.parse(readFileSync(`${path}.in`, 'utf8'))).toEqual(call.stdin);
});

test('answers nothing for nothing', async () => {
  plugin('silent', '');
  expect(await runDelegate('silent', 'DEL', call)).toBeUndefined();
});

test('passes on the code and words of a plugin that fails', async () => {
  plugin('full', 'echo \'{"code":142,"msg":"no more","details":"at all"}\'; exit 1');
  expect(await refusalOf('full')).toEqual({ cniVersion: '1.1.0', code: 142, msg: 'DEL of IPAM plugin full: no more', details: 'at all' });
});

test.each([
  ['dies', 'kill -9 $$', 'it ended with SIGKILL and no error object'],
  ['babbles', 'echo oops; exit 3', 'it ended with 3 and no error object'],
])('says so when a plugin %s', async (name, script, message) => {
  plugin(name, script);
  expect(await refusalOf(name)).toMatchObject({ code: 109, msg: `DEL of IPAM plugin ${name}: ${message}` });
});

test('names a plugin that is in no folder, or is not executable', async () => {
  writeFileSync(join(folder, 'plain'), '');
  for (const type of ['missing', 'plain'])
    expect(await refusalOf(type)).toMatchObject({ code: 109, msg: expect.stringContaining(`find IPAM plugin ${type}`) });
});
