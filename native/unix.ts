import { sys } from './binding.ts';
import { calling } from './errors.ts';
import { Fd } from './fd.ts';
import { connectUnix } from './unix-stream.ts';

/** What one `receive` brought. */
export interface Received {
  /** Empty when the peer is gone. */
  readonly data: Uint8Array;
  /** Ours from now on, close-on-exec. */
  readonly fds: readonly Fd[];
}

/** Who is at the other end of a connection, as of the time when it connected (SO_PEERCRED, unix(7)). */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A Unix stream socket that listens at a path; no call on it waits. Its file stays when it is closed. */
export class UnixListener implements Disposable {
  readonly fd: Fd;

  private constructor(fd: Fd) {
    this.fd = fd;
  }

  /** Listens at `path`, whose file has `mode` less the umask from its first moment on. Throws SyscallError: EADDRINUSE for a file that is there. */
  static listen(path: string, mode: number, backlog: number): UnixListener {
    const fd = calling(`listen at ${path}`, () => sys().unixListen(path, mode, backlog));
    return new UnixListener(Fd.adopt(fd, `listener at ${path}`));
  }

  /** The next one who waits, or undefined. Throws SyscallError: EMFILE, ENFILE. */
  accept(): UnixConnection | undefined {
    const fd = calling(`accept on ${this.fd.what}`, () => sys().unixAccept(this.fd.use()));
    return fd === undefined ? undefined : new UnixConnection(Fd.adopt(fd, `connection of ${this.fd.what}`));
  }

  [Symbol.dispose](): void {
    this.fd.close();
  }
}

/** One end of a Unix stream connection, over which descriptors may come and go; no call on it waits. */
export class UnixConnection implements Disposable {
  readonly fd: Fd;

  constructor(fd: Fd) {
    this.fd = fd;
  }

  /** See `connectUnix`. */
  static connect(path: string): UnixConnection {
    return new UnixConnection(connectUnix(path));
  }

  peer(): Peer {
    const [pid, uid, gid] = calling(`ask who is at ${this.fd.what}`, () => sys().unixPeer(this.fd.use()));
    return { pid, uid, gid };
  }

  /** What has come, at most `most` bytes; undefined when nothing has. Throws SyscallError: ECONNRESET; EMSGSIZE when descriptors were lost. */
  receive(most: number): Received | undefined {
    const found = calling(`receive on ${this.fd.what}`, () => sys().unixReceive(this.fd.use(), most));
    return found && { data: found.data, fds: found.fds.map((fd) => Fd.adopt(fd, `descriptor from ${this.fd.what}`)) };
  }

  /** Sends as many bytes as the kernel takes now, and answers how many; `fds` travel with the first. Throws SyscallError: EPIPE. */
  send(data: Uint8Array, fds: readonly Fd[] = []): number {
    const numbers = fds.map((fd) => fd.use());
    return calling(`send on ${this.fd.what}`, () => sys().unixSend(this.fd.use(), data, numbers));
  }

  [Symbol.dispose](): void {
    this.fd.close();
  }
}

/** A sealed file in memory that holds `data` (memfd_create(2)): a receiver can rely on unchanged data. */
export function createMemoryFile(data: Uint8Array): Fd {
  return Fd.adopt(
    calling('create memory file', () => sys().memfdCreate(data)),
    'memory file',
  );
}

/**
 * All of a sealed file in memory. Throws SyscallError: EINVAL for any other file, reading which might wait; EPERM for one that may still
 * change; EFBIG for one of more than `most` bytes.
 */
export function readMemoryFile(fd: Fd, most: number): Uint8Array {
  return calling(`read ${fd.what}`, () => sys().memfdRead(fd.use(), most));
}
