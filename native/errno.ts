import { getSystemErrorMap, getSystemErrorName } from 'node:util';

/**
 * Names and texts where libuv has none, or one of its own: include/uapi/asm-generic/errno-base.h and errno.h, errno(3), and 5xx from
 * include/linux/errno.h. The numbers are the same on x86-64 and arm64.
 */
const errors: Readonly<Record<number, readonly [name: string, text: string]>> = {
  5: ['EIO', 'input/output error'],
  10: ['ECHILD', 'no child processes'],
  12: ['ENOMEM', 'cannot allocate memory'],
  14: ['EFAULT', 'bad address'],
  15: ['ENOTBLK', 'block device required'],
  16: ['EBUSY', 'device or resource busy'],
  17: ['EEXIST', 'file exists'],
  18: ['EXDEV', 'invalid cross-device link'],
  21: ['EISDIR', 'is a directory'],
  33: ['EDOM', 'numerical argument out of domain'],
  34: ['ERANGE', 'numerical result out of range'],
  35: ['EDEADLK', 'resource deadlock avoided'],
  37: ['ENOLCK', 'no locks available'],
  40: ['ELOOP', 'too many levels of symbolic links'],
  42: ['ENOMSG', 'no message of desired type'],
  43: ['EIDRM', 'identifier removed'],
  52: ['EBADE', 'invalid exchange'],
  53: ['EBADR', 'invalid request descriptor'],
  60: ['ENOSTR', 'device not a stream'],
  61: ['ENODATA', 'no data available'],
  62: ['ETIME', 'timer expired'],
  63: ['ENOSR', 'out of streams resources'],
  65: ['ENOPKG', 'package not installed'],
  67: ['ENOLINK', 'link has been severed'],
  72: ['EMULTIHOP', 'multihop attempted'],
  74: ['EBADMSG', 'bad message'],
  76: ['ENOTUNIQ', 'name not unique on network'],
  77: ['EBADFD', 'file descriptor in bad state'],
  85: ['ERESTART', 'interrupted system call should be restarted'],
  87: ['EUSERS', 'too many users'],
  95: ['EOPNOTSUPP', 'operation not supported'],
  96: ['EPFNOSUPPORT', 'protocol family not supported'],
  97: ['EAFNOSUPPORT', 'address family not supported by protocol'],
  99: ['EADDRNOTAVAIL', 'cannot assign requested address'],
  102: ['ENETRESET', 'network dropped connection on reset'],
  109: ['ETOOMANYREFS', 'too many references'],
  110: ['ETIMEDOUT', 'timed out'],
  113: ['EHOSTUNREACH', 'no route to host'],
  114: ['EALREADY', 'operation already in progress'],
  115: ['EINPROGRESS', 'operation now in progress'],
  116: ['ESTALE', 'stale file handle'],
  117: ['EUCLEAN', 'structure needs cleaning'],
  122: ['EDQUOT', 'disk quota exceeded'],
  126: ['ENOKEY', 'required key not available'],
  127: ['EKEYEXPIRED', 'key has expired'],
  128: ['EKEYREVOKED', 'key has been revoked'],
  129: ['EKEYREJECTED', 'key was rejected by service'],
  130: ['EOWNERDEAD', 'owner died'],
  131: ['ENOTRECOVERABLE', 'state not recoverable'],
  132: ['ERFKILL', 'operation not possible due to RF-kill'],
  524: ['ENOTSUPP', 'operation not supported'],
};

/** 'ENOENT' for 2; 'errno 999' for an unknown number. `errno` is positive. */
export function errnoName(errno: number): string {
  const known = errors[errno];
  if (known) return known[0];
  return getSystemErrorMap().has(-errno) ? getSystemErrorName(-errno) : `errno ${errno}`;
}

/** What the errno says, in words: 'no such file or directory'. `errno` is positive. */
export function errnoText(errno: number): string {
  return errors[errno]?.[1] ?? getSystemErrorMap().get(-errno)?.[1] ?? `error ${errno}`;
}
