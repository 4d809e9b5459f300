import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveIn } from './files.ts';

describe('a path in another root', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'resolve-'));
    await mkdir(join(root, 'var/lib'), { recursive: true });
    await symlink('/run', join(root, 'var/run'));
    await symlink('../run/lock', join(root, 'var/lock'));
    await symlink('loop', join(root, 'loop'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it.each([
    ['/var/lib/x', '/var/lib/x'],
    ['/var/run/netns/a', '/run/netns/a'],
    ['/var/lock/b', '/run/lock/b'],
    ['var/../var/run', '/run'],
    ['/../../etc', '/etc'],
    ['/', '/'],
  ])('%s is %s of that root', async (path, expected) => {
    expect(await resolveIn(root, path)).toBe(join(root, expected));
  });

  it('refuses a loop of links', async () => {
    await expect(resolveIn(root, '/loop/x')).rejects.toThrow('too many symbolic links');
  });
});
