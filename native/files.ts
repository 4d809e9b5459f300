import { sys } from './binding.ts';
import { awaiting, calling } from './errors.ts';
import { Fd } from './fd.ts';
import type { Netns } from './netns.ts';

/**
 * Opens `path` as seen from inside `ns`; `flags` as of open(2), close-on-exec is added. Use /proc/thread-self, never /proc/self or
 * /proc/net, for files that belong to the opener's namespace: the process itself stays where it is.
 */
export async function openFileIn(ns: Netns, path: string, flags: number): Promise<Fd> {
  return Fd.adopt(await awaiting(`open ${path} in ${ns.path}`, () => sys().openIn(ns.use(), path, flags)), path);
}

/** The whole file as text, read inside `ns`; meant for /proc/sys/net. */
export async function readFileIn(ns: Netns, path: string): Promise<string> {
  const bytes = await awaiting(`read ${path} in ${ns.path}`, () => sys().readIn(ns.use(), path));
  return new TextDecoder().decode(bytes);
}

/**
 * Writes the text with one write(2) inside `ns`, the process's own namespace when undefined, as files under /proc/sys want it; the file must exist.
 * Unlike `writeFile` of node:fs it takes no thread of libuv's: some settings wait for the kernel's lock on devices (RTNL).
 */
export async function writeFileIn(ns: Netns | undefined, path: string, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  await awaiting(`write ${path}${ns === undefined ? '' : ` in ${ns.path}`}`, () => sys().writeIn(ns?.use(), path, bytes));
}

/** Flags of mount(2) and umount2(2), linux/mount.h and sys/mount.h. */
export const MountFlags = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
  detach: 2,
} as const;

/** mount(2); `data` holds the file system's own options, '' for none. Throws SyscallError. */
export async function mount(source: string, target: string, type: string, flags = 0, data = ''): Promise<void> {
  await awaiting(`mount ${type === '' ? source : type} on ${target}`, () => sys().mount(source, target, type, flags, data));
}

/** umount2(2); `flags` 0 or {@link MountFlags.detach}. Throws SyscallError, EINVAL when nothing is mounted there. */
export async function umount(target: string, flags = 0): Promise<void> {
  await awaiting(`unmount ${target}`, () => sys().umount(target, flags));
}

/** `f_type` values of statfs(2), linux/magic.h. */
export const FileSystemType = {
  bpf: 0xcafe4a11,
  cgroup2: 0x63677270,
  tmpfs: 0x01021994,
  nsfs: 0x6e736673,
  sysfs: 0x62656572,
} as const;

/** The kind of file system that `path` is on: `f_type` of statfs(2), unsigned. */
export function statfsType(path: string): number {
  return calling(`examine file system of ${path}`, () => sys().statfsType(path));
}
