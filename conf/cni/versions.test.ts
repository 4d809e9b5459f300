import { expect, test } from 'vitest';
import { CURRENT_VERSION, parseVersion, requireCommand, SUPPORTED_VERSIONS } from './versions.ts';

test('speaks every version from 0.1.0 to the current one', () => {
  expect(SUPPORTED_VERSIONS).toEqual(['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']);
  expect(SUPPORTED_VERSIONS.at(-1)).toBe(CURRENT_VERSION);
});

test.each(['1.1', '1.1.0-rc0', ' 1.0.0', 'toString'])('refuses %j: versions match exactly', (version) => {
  expect(() => parseVersion(version)).toThrow('not supported');
});

test.each([
  ['CHECK', '0.3.1', '0.4.0'],
  ['STATUS', '1.0.0', '1.1.0'],
  ['GC', '0.4.0', '1.1.0'],
] as const)('refuses %s under %s', (command, version, since) => {
  expect(() => requireCommand(command, version)).toThrow(`run ${command} with cniVersion ${version}: the verb came with ${since}`);
  expect(() => requireCommand(command, since)).not.toThrow();
});
