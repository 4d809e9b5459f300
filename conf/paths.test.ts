import { expect, test } from 'vitest';
import { paths } from './paths.ts';

test('moves every path with the root', () => {
  for (const path of Object.values(paths('/lab/n1'))) expect(path).toMatch(/^\/lab\/n1(\/|$)/);
});

test('uses the usual places under the root of the file system', () => {
  const usual = paths('/');
  expect(usual.socket).toBe('/run/axoneme/axoneme.sock');
  expect(usual.config).toBe('/etc/axoneme/config.yaml');
  expect(usual.links).toBe('/sys/fs/bpf/axoneme/v1/links');
});
