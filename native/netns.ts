import { fstatSync } from 'node:fs';
import { sys } from './binding.ts';
import { awaiting, calling, hasErrno, NotNamespaceError, SyscallError } from './errors.ts';
import { Fd } from './fd.ts';

/** CLONE_NEWNET of linux/sched.h: what NS_GET_NSTYPE (ioctl_ns(2)) answers for a network namespace. */
const CLONE_NEWNET = 0x40000000;

/** The file system of namespaces, linux/magic.h. */
const NSFS_MAGIC = 0x6e736673;

/**
 * A network namespace held open by a descriptor. Nothing here ever moves the calling process: the addon enters a namespace on a thread of
 * its own, opens what is asked for and ends.
 */
export class Netns {
  readonly path: string;
  /** Inode number of the namespace: with the machine, its identity. */
  readonly inode: bigint;
  readonly #fd: Fd;

  private constructor(path: string, fd: Fd, inode: bigint) {
    this.path = path;
    this.#fd = fd;
    this.inode = inode;
  }

  /** Opens the namespace at `path` (a bind mount, or /proc/PID/ns/net). Throws SyscallError, or NotNamespaceError for any other file. */
  static open(path: string): Netns {
    const subject = `open network namespace ${path}`;
    // Asked before opening: the path comes from outside, and opening a FIFO would wait for ever, opening a device may do anything.
    if (calling(subject, () => sys().statfsType(path)) !== NSFS_MAGIC) throw new NotNamespaceError(path);
    const fd = Fd.adopt(
      calling(subject, () => sys().open(path, 0)),
      `network namespace ${path}`,
    );
    try {
      return Netns.adopt(fd, path);
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /**
   * Takes over a descriptor of a namespace that somebody else opened; `path` is what it is called, which need not lead there for this process.
   * Throws SyscallError or NotNamespaceError; then `fd` is still the caller's.
   */
  static adopt(fd: Fd, path: string): Netns {
    if (namespaceType(fd, path) !== CLONE_NEWNET) throw new NotNamespaceError(path);
    const inode = calling(`examine network namespace ${path}`, () => sys().inode(fd.use()));
    return new Netns(path, fd, inode);
  }

  /** A new, empty namespace (loopback down) that lives as long as this object, its sockets or devices elsewhere. */
  static async create(): Promise<Netns> {
    const fd = Fd.adopt(await awaiting('create network namespace', () => sys().newNetns()), 'new network namespace');
    const path = `/proc/${process.pid}/fd/${fd.use()}`;
    return new Netns(path, fd, sys().inode(fd.use()));
  }

  /** The namespace that this process is in. */
  static current(): Netns {
    return Netns.open('/proc/self/ns/net');
  }

  /** `dev:ino`, which tells it from every other namespace of the machine, whichever mount it was reached by. */
  get identity(): string {
    const { dev, ino } = fstatSync(this.#fd.use(), { bigint: true });
    return `${dev}:${ino}`;
  }

  /** The descriptor's number, for one call. */
  use(): number {
    return this.#fd.use();
  }

  equals(other: Netns): boolean {
    return this.inode === other.inode;
  }

  close(): void {
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function namespaceType(fd: Fd, path: string): number {
  try {
    return calling(`open network namespace ${path}`, () => sys().nsType(fd.use()));
  } catch (error) {
    // ENOTTY: not a file of nsfs (ioctl_ns(2)); EACCES, EPERM and EINVAL come from other files' own ioctl handlers.
    if (error instanceof SyscallError) throw new NotNamespaceError(path, { cause: error });
    throw error;
  }
}

/**
 * Makes a network namespace and binds it on `path`, which must not exist yet; its loopback is down. It lives until the mount is gone
 * (`umount(path)`, then unlink). Throws SyscallError, EEXIST when the file is there.
 */
export async function createNetns(path: string): Promise<void> {
  await awaiting(`create network namespace ${path}`, () => sys().createNetns(path));
}

/** True when `path` names a network namespace; false when it is gone or something else. Other failures throw. */
export function isNetns(path: string): boolean {
  try {
    Netns.open(path).close();
    return true;
  } catch (error) {
    if (error instanceof NotNamespaceError || hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
