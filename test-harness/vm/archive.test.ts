import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { fetchPinned } from './archive.ts';

/** A mirror that has one package. */
const mirror = createServer((request, response) => {
  response.statusCode = request.url === '/debian/pool/kept.deb' ? 200 : 404;
  response.end(response.statusCode === 200 ? 'a package' : '');
});
const folder = mkdtempSync(join(tmpdir(), 'axoneme-archive-'));
const sha256 = createHash('sha256').update('a package').digest('hex');
const pinned = { name: 'kept', version: '1', file: 'pool/kept.deb', sha256 };

beforeAll(() => once(mirror.listen(0, '127.0.0.1'), 'listening'));
afterEach(() => vi.unstubAllEnvs());
afterAll(() => {
  mirror.close();
  rmSync(folder, { recursive: true });
});

function choose(port = (mirror.address() as AddressInfo).port): void {
  vi.stubEnv('AXONEME_DEBIAN_MIRROR', `http://127.0.0.1:${port}`);
}

describe('a pinned package', () => {
  it('is fetched and verified', async () => {
    choose();
    expect(await fetchPinned('debian', pinned, folder)).toBe(true);
    expect(readFileSync(join(folder, 'kept.deb'), 'utf8')).toBe('a package');
  });

  it('that the archive no longer has is told from one that cannot be had', async () => {
    choose();
    expect(await fetchPinned('debian', { ...pinned, file: 'pool/gone.deb' }, folder)).toBe(false);
  });

  it('with another hash than the one pinned is refused', async () => {
    choose();
    const other = { ...pinned, sha256: '0'.repeat(64) };
    await expect(fetchPinned('debian', other, folder)).rejects.toMatchObject({
      code: 'NO_KERNEL',
      message: expect.stringContaining('Hash'),
    });
  });

  it('is an error when nobody answers', async () => {
    choose(9);
    await expect(fetchPinned('debian', pinned, folder)).rejects.toMatchObject({ code: 'NO_KERNEL' });
  });
});
