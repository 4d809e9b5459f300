import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CNI_CODES, CniError, errorBody, toCniError } from './errors.ts';

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test.each([
  ['unreachable', 11],
  ['starting', 11],
  ['busy', 11],
  ['pool-exhausted', 100],
  ['exists', 102],
  ['NOT_A_NETNS', 8],
  ['NETLINK', 105],
  ['UNSUPPORTED', 106],
  ['ENOENT', 999],
  ['constructor', 999],
])('gives %s the CNI code %i, by code and not by class', (code, number) => {
  expect(errorBody(toCniError(coded(code, 'do it')), '1.0.0')).toEqual({ cniVersion: '1.0.0', code: number, msg: 'do it' });
});

test('gives anything else 999', () => {
  expect(CNI_CODES[toCniError('a string').code]).toBe(999);
  expect(toCniError(new TypeError('x is undefined')).code).toBe('internal');
});

test('tells the details, then the causes, each once', () => {
  const cause = new Error('file exists', { cause: new Error('deepest') });
  const error = new CniError('kernel-failure', 'create veth', { details: 'first', cause });
  expect(errorBody(error, '1.1.0').details).toBe('first\nfile exists\ndeepest');
  expect(errorBody(toCniError(coded('BPF', 'attach')), '1.1.0')).not.toHaveProperty('details');
});

test('does not repeat a cause that the message ends with', () => {
  const error = new CniError('not-available', 'serve ADD: it is away', { cause: new Error('it is away', { cause: new Error('ENOENT') }) });
  expect(errorBody(error, '1.1.0')).toMatchObject({ msg: 'serve ADD: it is away', details: 'ENOENT' });
});

test('docs/errors.md explains every code', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  for (const [name, code] of Object.entries(CNI_CODES)) expect(text).toMatch(new RegExp(`^\\| ${code} +\\| \`${name}\` +\\|`, 'm'));
});
