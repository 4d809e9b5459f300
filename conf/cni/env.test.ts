import { expect, test } from 'vitest';
import { parseEnvironment } from './env.ts';
import { CNI_CODES, CniError } from './errors.ts';

const good = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/a', CNI_IFNAME: 'eth0', CNI_PATH: '/opt/cni/bin' };

function refusal(env: Record<string, string | undefined>): CniError {
  try {
    parseEnvironment(env);
  } catch (error) {
    if (error instanceof CniError) return error;
  }
  throw new Error('nothing was refused');
}

test('reads a complete environment', () => {
  const call = parseEnvironment({ ...good, CNI_ARGS: 'IgnoreUnknown=1' });
  expect(call).toEqual({
    command: 'ADD',
    containerId: 'c1',
    ifname: 'eth0',
    netns: '/run/netns/a',
    args: 'IgnoreUnknown=1',
    allowOwnNetns: false,
  });
});

test('names every missing variable in one error; an empty one is missing', () => {
  const error = refusal({ CNI_COMMAND: 'ADD', CNI_IFNAME: '' });
  expect(CNI_CODES[error.code]).toBe(4);
  expect(error.message).toBe('read environment for ADD: CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME missing');
});

test.each([
  ['DEL', { CNI_CONTAINERID: 'c1', CNI_IFNAME: 'eth0' }],
  ['STATUS', {}],
  ['GC', { CNI_PATH: '/x' }],
  ['VERSION', {}],
])('asks no more of %s than it needs', (command, env) => {
  expect(parseEnvironment({ CNI_COMMAND: command, ...env }).command).toBe(command);
});

test.each([
  ['CNI_CONTAINERID', 'a/b', 'must be letters'],
  ['CNI_CONTAINERID', '-a', 'must be letters'],
  ['CNI_IFNAME', 'sixteen-bytes-xx', 'has 16 bytes, at most 15 fit'],
  ['CNI_IFNAME', 'ütf-ütf-ütf-ü', 'has 17 bytes'],
  ['CNI_IFNAME', '..', 'is reserved'],
  ['CNI_IFNAME', 'a/b', 'must not contain'],
  ['CNI_IFNAME', 'a:b', 'must not contain'],
  ['CNI_IFNAME', 'a b', 'must not contain'],
  ['CNI_IFNAME', 'eth%d', 'must not contain "%"'],
  ['CNI_IFNAME', '100%', 'must not contain "%"'],
  ['CNI_IFNAME', 'eth\u00e0', 'has a letter that the kernel takes for white space'],
  ['CNI_NETNS', 'run/netns/a', 'is not an absolute path'],
])('refuses %s %j', (name, value, problem) => {
  const error = refusal({ ...good, [name]: value });
  expect(CNI_CODES[error.code]).toBe(4);
  expect(error.message).toContain(`${name} ${JSON.stringify(value)} ${problem}`);
});

test.each([
  ['CNI_CONTAINERID', 'c'.repeat(250), 'has 250 characters, at most 230 are supported'],
  ['CNI_CONTAINERID', 'c'.repeat(1000), 'has 1000 characters, at most 230 are supported'],
  ['CNI_NETNS', `/${'n'.repeat(4095)}`, 'has 4096 bytes, at most 4095 are possible'],
])('refuses a %s that is too long, and does not repeat all of it', (name, value, problem) => {
  const error = refusal({ ...good, [name]: value });
  expect(CNI_CODES[error.code]).toBe(4);
  expect(error.message).toBe(`read environment for ADD: ${name} ${JSON.stringify(value.slice(0, 40))}… ${problem}`);
});

test('takes container ids of up to 230 characters', () => {
  expect(parseEnvironment({ ...good, CNI_CONTAINERID: 'c'.repeat(230) }).containerId).toHaveLength(230);
});

test('takes interface names of up to 15 bytes', () => {
  expect(parseEnvironment({ ...good, CNI_IFNAME: 'fifteen-bytes-x' }).ifname).toBe('fifteen-bytes-x');
});

test.each([['add'], ['REMOVE'], ['']])('refuses the command %j', (command) => {
  const error = refusal({ ...good, CNI_COMMAND: command });
  expect(CNI_CODES[error.code]).toBe(4);
  expect(error.message).toContain('CNI_COMMAND');
});
