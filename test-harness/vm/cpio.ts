/** A file of an initramfs. */
export interface ArchiveFile {
  readonly path: string;
  /** st_mode of stat(2), the file's type included */
  readonly mode: number;
  readonly data: Uint8Array;
}

/** `newc`: an ASCII header of hexadecimal fields, then name and data, each padded to four bytes (Documentation/driver-api/early-userspace/buffer-format.rst). */
function entry({ path, mode, data }: ArchiveFile, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  const head = header.length + name.length;
  return Buffer.concat([header, name, Buffer.alloc(-head & 3), data, Buffer.alloc(-data.length & 3)]);
}

/** The archive that a kernel unpacks into its first root file system. Folders come before what is in them. */
export function cpio(files: readonly ArchiveFile[]): Buffer {
  const trailer: ArchiveFile = { path: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0) };
  return Buffer.concat([...files, trailer].map((file, index) => entry(file, index + 1)));
}
