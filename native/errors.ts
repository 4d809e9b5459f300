import { errnoName, errnoText } from './errno.ts';

export { errnoName, errnoText } from './errno.ts';

/**
 * Errors of the kernel border. Match on `code`, which is stable; never on the class, because two copies of a module are two classes.
 * Messages: lower case, verb phrase first, the kernel's reason last.
 */

/** A failed system call. `subject` is the verb phrase, e.g. `open /run/netns/a`; `errno` is positive. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  readonly code = 'SYSCALL';
  readonly syscall: string;
  readonly errno: number;
  readonly errnoName: string;

  constructor(syscall: string, errno: number, subject: string, options?: ErrorOptions) {
    super(`${subject}: ${errnoText(errno)}`, options);
    this.syscall = syscall;
    this.errno = errno;
    this.errnoName = errnoName(errno);
  }
}

/** What the kernel's error answer carried besides errno (NLMSGERR_ATTR_MSG and NLMSGERR_ATTR_OFFS, linux/netlink.h). */
export interface NetlinkErrorDetail {
  readonly kernelMessage?: string | undefined;
  /** Byte offset in the request of the attribute that the kernel refused. */
  readonly offset?: number | undefined;
}

/** The kernel refused a netlink request. `operation` is the verb phrase, e.g. `create veth lxc1a2b`; `errno` is positive. */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
  readonly code = 'NETLINK';
  readonly operation: string;
  readonly errno: number;
  readonly errnoName: string;
  /** The kernel's extended-ack text, or '' when it gave none. */
  readonly kernelMessage: string;
  readonly offset: number | undefined;

  constructor(operation: string, errno: number, detail: NetlinkErrorDetail = {}, options?: ErrorOptions) {
    const kernel = detail.kernelMessage ? ` (${detail.kernelMessage})` : '';
    super(`${operation}: ${errnoText(errno)}${kernel}`, options);
    this.operation = operation;
    this.errno = errno;
    this.errnoName = errnoName(errno);
    this.kernelMessage = detail.kernelMessage ?? '';
    this.offset = detail.offset;
  }
}

/** A BPF object or map that is not what the caller expects. `errno` is 0 when no system call failed. */
export class BpfError extends Error {
  override readonly name = 'BpfError';
  readonly code = 'BPF';
  readonly errno: number;

  constructor(message: string, errno = 0, options?: ErrorOptions) {
    super(message, options);
    this.errno = errno;
  }
}

/** A pinned map is not what the program was compiled for. `found` is the kernel's value, `expected` the object file's. */
export class MapMismatchError extends Error {
  override readonly name = 'MapMismatchError';
  readonly code = 'MAP_MISMATCH';
  readonly map: string;
  readonly path: string;
  readonly field: string;
  readonly found: number;
  readonly expected: number;

  constructor(map: string, path: string, field: string, found: number, expected: number) {
    super(`reuse map ${map} pinned at ${path}: its ${field} is ${found}, the program needs ${expected}`);
    this.map = map;
    this.path = path;
    this.field = field;
    this.found = found;
    this.expected = expected;
  }
}

/** The verifier refused a program. `tail` is the end of its log, the part that says why; `log` is all of it. */
export class VerifierError extends Error {
  override readonly name = 'VerifierError';
  readonly code = 'VERIFIER';
  readonly program: string;
  readonly errno: number;
  readonly tail: string;
  readonly log: string;

  constructor(program: string, errno: number, log: string, options?: ErrorOptions) {
    const tail = log.trimEnd().split('\n').slice(-20).join('\n');
    super(`load program ${program}: refused by the verifier: ${errnoText(errno)}${tail === '' ? '' : `\n${tail}`}`, options);
    this.program = program;
    this.errno = errno;
    this.tail = tail;
    this.log = log;
  }
}

/** This kernel lacks a feature. `since` is the first kernel version that has it, e.g. '6.6'. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
  readonly code = 'UNSUPPORTED';
  readonly feature: string;
  readonly since: string;

  constructor(operation: string, feature: string, since: string, options?: ErrorOptions) {
    super(`${operation}: the kernel has no ${feature} (needs ${since} or later)`, options);
    this.feature = feature;
    this.since = since;
  }
}

/** The path exists but is no network namespace. */
export class NotNamespaceError extends Error {
  override readonly name = 'NotNamespaceError';
  readonly code = 'NOT_A_NETNS';
  readonly path: string;

  constructor(path: string, options?: ErrorOptions) {
    super(`open network namespace ${path}: not a network namespace`, options);
    this.path = path;
  }
}

/** The shape in which the addons report a failed call. */
export interface AddonFailure extends Error {
  readonly syscall: string;
  readonly errno: number;
}

export function isAddonFailure(error: unknown): error is AddonFailure {
  return error instanceof Error && 'syscall' in error && 'errno' in error && typeof error.errno === 'number' && !('code' in error);
}

/** The same failure with what was being done. Anything that is no failed system call is returned as it is. */
export function explain(error: unknown, subject: string): unknown {
  return isAddonFailure(error) ? new SyscallError(error.syscall, error.errno, subject) : error;
}

/** Runs an addon call; a failure becomes a SyscallError about `subject`. */
export function calling<T>(subject: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw explain(error, subject);
  }
}

/** Like {@link calling}, for addon calls that answer with a promise. */
export async function awaiting<T>(subject: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw explain(error, subject);
  }
}

/** True for any of our errors (or a plain Node error) that carries this errno name, e.g. 'ENOENT'. */
export function hasErrno(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  if ('errnoName' in error) return error.errnoName === name;
  if ('errno' in error && typeof error.errno === 'number') return errnoName(Math.abs(error.errno)) === name;
  return false;
}
