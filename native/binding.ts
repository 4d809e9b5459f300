import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The typed door to the addons, and the only file that loads them. The addons take numbers, strings and bytes, return the same, and throw
 * or reject with an Error that has `syscall` and `errno` (positive). Policy and words live on this side.
 */

/** Handle of a watch; only good for watchClose and watchRef. */
export type WatchHandle = object & { readonly __watch?: never };

/** axoneme-sys.node. `netns` is a descriptor of a network namespace, or -1 for the process's own. */
export interface SysAddon {
  openIn(netns: number, path: string, flags: number): Promise<number>;
  readIn(netns: number, path: string): Promise<Uint8Array>;
  writeIn(netns: number, path: string, data: Uint8Array): Promise<void>;
  createNetns(path: string): Promise<void>;
  mount(source: string, target: string, type: string, flags: number, data: string): Promise<void>;
  umount(target: string, flags: number): Promise<void>;
  open(path: string, flags: number): number;
  nsType(fd: number): number;
  inode(fd: number): bigint;
  statfsType(path: string): number;
  /** `groups`: multicast group numbers to join; `receiveBytes`: SO_RCVBUF, 0 for the default. */
  netlinkOpen(netns: number, protocol: number, groups: Uint32Array, receiveBytes: number): Promise<number>;
  /** Sends one request and collects the kernel's datagrams until the ACK, error or end of dump of `sequence`. */
  netlinkTransact(fd: number, request: Uint8Array, sequence: number): Promise<Uint8Array[]>;
  netlinkReceive(fd: number): Uint8Array | undefined;
  watchOpen(fd: number, onReadable: () => void): WatchHandle;
  watchClose(watch: WatchHandle): void;
  watchRef(watch: WatchHandle, on: boolean): void;
}

let directory: string | undefined;
const loaded = new Map<string, unknown>();

/** Where the .node files are. The single executable calls this after it has unpacked them; nothing else needs to. */
export function setAddonDirectory(path: string): void {
  directory = path;
}

/** `dist/native` of the project, seen from its sources (native/) or from a bundle (dist/...). */
function defaultDirectory(): string {
  const here = import.meta.dirname as string | undefined;
  if (here === undefined) throw new Error('load addon: no directory set (setAddonDirectory)');
  const candidates = [join(here, '..', 'dist', 'native'), join(here, '..', 'native'), join(here, 'native'), here];
  return candidates.find((path) => existsSync(join(path, 'axoneme-sys.node'))) ?? candidates[0] ?? here;
}

function load(name: string): unknown {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const file = join(directory ?? defaultDirectory(), name);
  if (!existsSync(file)) throw new Error(`load addon ${file}: no such file (build it with: node scripts/build-native.ts)`);
  const module: { exports: unknown } = { exports: {} };
  process.dlopen(module, file);
  loaded.set(name, module.exports);
  return module.exports;
}

/** The addon without libbpf. */
export function sys(): SysAddon {
  return load('axoneme-sys.node') as SysAddon;
}
