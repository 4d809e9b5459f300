import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedFile } from './embedded.ts';

/**
 * The typed door to the addons, and the only file that loads them (`harness/addon.ts` has the types of the harness's). The addons take numbers, strings and bytes, return the same, and throw
 * or reject with an Error that has `syscall` and `errno` (positive). Policy and words live on this side.
 */

/** Handle of a watch; only good for watchClose and watchRef. */
export type WatchHandle = object & { readonly __watch?: never };

/** axoneme-sys.node. `netns` is a descriptor of a network namespace, or undefined for the process's own; a descriptor that is none is EBADF. */
export interface SysAddon {
  openIn(netns: number | undefined, path: string, flags: number): Promise<number>;
  readIn(netns: number | undefined, path: string): Promise<Uint8Array>;
  writeIn(netns: number | undefined, path: string, data: Uint8Array): Promise<void>;
  createNetns(path: string): Promise<void>;
  newNetns(): Promise<number>;
  mount(source: string, target: string, type: string, flags: number, data: string): Promise<void>;
  umount(target: string, flags: number): Promise<void>;
  open(path: string, flags: number): number;
  nsType(fd: number): number;
  inode(fd: number): bigint;
  statfsType(path: string): number;
  /** AF_*, SOCK_* and IPPROTO_* numbers; bound unless `address` is empty. */
  inetOpen(netns: number | undefined, family: number, type: number, address: string, port: number, protocol: number): Promise<number>;
  /** `flags`: IFF_*; undefined when the interface does not exist. */
  interfaceGet(
    ifindex: number,
  ): { readonly name: string; readonly flags: number; readonly mac: Uint8Array; readonly mtu: number } | undefined;
  /** The descriptor that holds the lock; undefined when another one has it. */
  fileLockTake(path: string): number | undefined;
  fileLockIsHeld(path: string): boolean;
  /** A connected stream socket, not blocking. */
  unixConnect(path: string): number;
  /** Sends all of `request`, then waits for a part of the answer, at most `timeoutMs` together (ETIMEDOUT); empty at the end of the stream. */
  unixExchange(fd: number, request: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** The peer has shut down or closed its side. */
  unixHasEnded(fd: number): boolean;
  /** _exit(2): no handlers, no destructors, no threads joined. */
  exitNow(status: number): never;
  /** `groups`: multicast group numbers to join; `receiveBytes`: SO_RCVBUF, 0 for the default. */
  netlinkOpen(netns: number | undefined, protocol: number, groups: Uint32Array, receiveBytes: number): Promise<number>;
  /** Gives a netlink socket that came from another process, unbound, the rules of `netlinkOpen`, and binds it. */
  netlinkAdopt(fd: number, protocol: number): void;
  /**
   * Sends the datagrams one after the other, none after one that was refused, and collects the kernel's datagrams until the ACK, error or end
   * of dump of each one's sequence.
   */
  netlinkTransact(fd: number, datagrams: readonly Uint8Array[], sequences: Uint32Array): Promise<Uint8Array[]>;
  netlinkReceive(fd: number): Uint8Array | undefined;
  unixListen(path: string, mode: number, backlog: number): number;
  unixAccept(listener: number): number | undefined;
  /** [pid, uid, gid] */
  unixPeer(connection: number): [number, number, number];
  unixReceive(connection: number, most: number): { readonly data: Uint8Array; readonly fds: number[] } | undefined;
  /** Answers how many bytes the kernel took. */
  unixSend(connection: number, data: Uint8Array, fds: readonly number[]): number;
  memfdCreate(data: Uint8Array): number;
  memfdRead(fd: number, most: number): Uint8Array;
  watchOpen(fd: number, onReadable: () => void): WatchHandle;
  watchClose(watch: WatchHandle): void;
  watchRef(watch: WatchHandle, on: boolean): void;
  /** Answers how many bytes the kernel took without waiting. */
  writeNow(fd: number, data: Uint8Array): number;
  /** glibc's malloc with one arena for all threads, and fixed thresholds; false where it has no such settings. */
  keepMallocSmall(): boolean;
  /** malloc_trim(3): gives free pages back to the kernel; false when there were none. */
  trimMalloc(): boolean;
  /** Lets go of the mapped pages of the executable's read-only segments; answers the bytes of these segments. */
  releaseExecutable(): number;
  bpfGet(path: string): number;
  bpfPin(fd: number, path: string): void;
  /** Fills `info` (zeroed, struct bpf_prog_info or bpf_map_info); returns the bytes written. */
  bpfInfo(fd: number, info: Uint8Array): number;
  /** struct bpf_link_info, zeros after what the kernel wrote. */
  bpfLinkInfo(link: number): Promise<Uint8Array>;
  /** The target is an interface of `netns`, or else, with `ifindex` 0, a cgroup. */
  bpfLinkCreate(
    netns: number | undefined,
    program: number,
    ifindex: number,
    cgroup: number | undefined,
    attachType: number,
    flags: number,
  ): Promise<number>;
  bpfLinkUpdate(link: number, program: number): Promise<void>;
  bpfLinkDetach(link: number): Promise<void>;
  /** Ids of the attached programs in order; the target as for `bpfLinkCreate`. */
  bpfQuery(netns: number | undefined, ifindex: number, cgroup: number | undefined, attachType: number): Promise<Uint32Array>;
  /** Indexes of those devices, of the process's own namespace, that are there and lack the program. */
  bpfLacking(attachType: number, programId: number, ifindexes: Uint32Array): Promise<Uint32Array>;
  bpfProgramById(id: number): number;
  bpfProgramLoad(type: number, instructions: Uint8Array, expectedAttachType: number): number;
  /** Answers [return value, nanoseconds, bytes of `dataOut`, bytes of `contextOut`]. */
  bpfTestRun(
    program: number,
    netns: number | undefined,
    data: Uint8Array,
    context: Uint8Array,
    repeat: number,
    dataOut: Uint8Array,
    contextOut: Uint8Array,
  ): [number, number, number, number];
  bpfMapCreate(type: number, keySize: number, valueSize: number, maxEntries: number, flags: number, name: string): number;
  bpfMapLookup(map: number, key: Uint8Array, value: Uint8Array, flags: number): boolean;
  bpfMapUpdate(map: number, key: Uint8Array, value: Uint8Array, flags: number): void;
  bpfMapDelete(map: number, key: Uint8Array): boolean;
  bpfMapNextKey(map: number, key: Uint8Array | undefined, next: Uint8Array): boolean;
  /** Answers the number of entries, or -1 - number when they are the last. */
  bpfMapLookupBatch(
    map: number,
    cursor: Uint8Array | undefined,
    next: Uint8Array,
    keys: Uint8Array,
    values: Uint8Array,
    count: number,
  ): number;
}

/** What an object file declares, before anything is loaded. */
export interface ObjectShape {
  readonly maps: readonly MapShape[];
  readonly programs: readonly { readonly name: string; readonly section: string }[];
  /** Variables of .rodata, .data and .bss, sizes in bytes. */
  readonly variables: readonly { readonly name: string; readonly section: string; readonly size: number }[];
}

export interface MapShape {
  readonly name: string;
  /** BPF_MAP_TYPE_* (linux/bpf.h). */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** A data section that libbpf turns into a map. */
  readonly internal: boolean;
}

/** Handle of a ring buffer reader. */
export type RingHandle = object & { readonly __ring?: never };

/** Handle of a ring buffer recorder; of no use after its close. */
export type RecorderHandle = object & { readonly __recorder?: never };

/** axoneme-bpf.node. Failures of object calls also have `messages` (libbpf's warnings) and `verifierLog`. */
export interface BpfAddon {
  readonly libbpfVersion: string;
  objectInspect(path: string): Promise<ObjectShape>;
  objectLoad(
    path: string,
    variables: Readonly<Record<string, Uint8Array>>,
    reuse: Readonly<Record<string, number>>,
    maxEntries: Readonly<Record<string, number>>,
    programs: readonly string[] | undefined,
    verifierStatistics: boolean,
  ): Promise<{ maps: Record<string, number>; programs: Record<string, number>; verifierLog: string }>;
  ringBufferOpen(map: number, onRecords: (records: Uint8Array[]) => void): RingHandle;
  ringBufferClose(ring: RingHandle): void;
  ringBufferRef(ring: RingHandle, on: boolean): void;
  ringBufferConsume(ring: RingHandle): Uint8Array[];
  ringRecorderOpen(map: number, capacity: number): RecorderHandle;
  ringRecorderClose(recorder: RecorderHandle): void;
  ringRecorderSeen(recorder: RecorderHandle): number;
  ringRecorderRead(recorder: RecorderHandle, from: number, limit: number): { first: number; records: Uint8Array[] };
}

let directory: string | undefined;
const loaded = new Map<string, unknown>();

/** Where the .node files are, instead of where `embeddedFile` finds them. */
export function setAddonDirectory(path: string): void {
  directory = path;
}

/** Loads an addon once. Throws with the file's path and the reason. */
export function loadAddon(name: string): unknown {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const file = directory === undefined ? embeddedFile(name) : join(directory, name);
  if (!existsSync(file)) throw new Error(`load addon ${file}: no such file (build it with: node scripts/build-native.ts)`);
  const module: { exports: unknown } = { exports: {} };
  try {
    process.dlopen(module, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`load addon ${file}: ${reason}${hintFor(file, reason)}`, { cause: error });
  }
  loaded.set(name, module.exports);
  return module.exports;
}

/** `e_machine` of an ELF header, two bytes at offset 18 (elf(5)), for Node's names of processors. */
const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** A better error than the dynamic loader's, which calls a file for another processor missing. */
function hintFor(file: string, reason: string): string {
  if (reason.startsWith('libbpf.so.1')) return ' (install the package libbpf1)';
  const header = readFileSync(file).subarray(0, 20);
  const machine = header.length === 20 ? header.readUInt16LE(18) : undefined;
  const built = Object.keys(machines).find((arch) => machines[arch] === machine);
  return built === undefined || built === process.arch ? '' : ` (it was built for ${built}, and this is ${process.arch})`;
}

/** The addon without libbpf. */
export function sys(): SysAddon {
  return loadAddon('axoneme-sys.node') as SysAddon;
}

/**
 * Ends the process at once, without what Node does at its end (handlers, destructors, waiting for its threads: 2 ms); what was to be written must have
 * been written. A process that has not loaded the addon ends as usual.
 */
export function exitNow(status: number): never {
  const known = loaded.get('axoneme-sys.node');
  if (known === undefined) return process.exit(status);
  return (known as SysAddon).exitNow(status);
}

/** The addon with libbpf, which only the daemon needs. */
export function bpf(): BpfAddon {
  return loadAddon('axoneme-bpf.node') as BpfAddon;
}
