import { execFileSync } from 'node:child_process';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cpio } from './cpio.ts';
import { vmlinuxOf } from './image.ts';

/** A boot sector and one of setup, then the payload with its unpacked length behind it. */
function bzImage(payload: Buffer): Buffer {
  const head = Buffer.alloc(1024);
  head[0x1f1] = 1;
  head.write('HdrS', 0x202);
  head.writeUInt32LE(16, 0x248);
  head.writeUInt32LE(payload.length + 4, 0x24c);
  return Buffer.concat([head, Buffer.alloc(16), payload, Buffer.alloc(4, 0xff), Buffer.from('what follows')]);
}

describe('the kernel inside a bzImage', () => {
  it.each([
    ['zstd', (data: Buffer) => zstdCompressSync(data)],
    ['xz', (data: Buffer) => execFileSync('xz', ['--check=crc32', '--stdout'], { input: data })],
  ])('is found and unpacked: %s', async (_, pack) => {
    expect((await vmlinuxOf(bzImage(pack(Buffer.from('kernel'))))).toString()).toBe('kernel');
  });

  it('is not looked for in what is none, or is packed in another way', async () => {
    await expect(vmlinuxOf(Buffer.alloc(2048))).rejects.toThrow('unpack the kernel: it is no bzImage');
    await expect(vmlinuxOf(bzImage(Buffer.from('BZh91AY&SY')))).rejects.toThrow('it begins with 425a683931415926, a format not known');
  });
});

it('an initramfs is an archive that cpio reads', () => {
  const files = [
    { path: 'init', mode: 0o100755, data: Buffer.from('one') },
    { path: 'modules', mode: 0o100644, data: Buffer.from('twelve bytes') },
  ];
  const archive = cpio(files);
  expect(archive.length % 4).toBe(0);
  expect(archive.toString('latin1', 0, 14)).toBe('07070100000001');
  expect(archive.toString('latin1', 110, 120)).toBe('init\0\0one\0');
});
