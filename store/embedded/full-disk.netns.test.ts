import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('a full disk fails writes with ServiceUnavailable, keeps what is there, and takes writes again when there is room', () => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-full-'));
  const command = `mount -t tmpfs -o size=256k none "$1" && exec "$2" "$3" "$1"`;
  const program = join(import.meta.dirname, 'full-disk-child.ts');
  const args = ['-m', '--propagation', 'private', 'sh', '-c', command, 'sh', folder, process.execPath, program];
  const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  expect({ stderr, ...JSON.parse(stdout || '{}') }).toEqual({
    stderr: '',
    reason: 'ServiceUnavailable',
    message: expect.stringContaining('ENOSPC'),
    isReadable: true,
    isGone: true,
    names: ['after', 'big-0', 'room'],
  });
});
