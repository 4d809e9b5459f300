import { mkdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BpfAddon, bpf, type MapShape, type ObjectShape } from '../binding.ts';
import { BpfError, errnoText, isAddonFailure, MapMismatchError, VerifierError } from '../errors.ts';
import { Fd } from '../fd.ts';
import { mapInfo } from './info.ts';
import { openIfPinned, pin } from './pin.ts';
import { variableBytes } from './variables.ts';

export type { MapShape, ObjectShape } from '../binding.ts';

/** What a global variable may be set to: its exact bytes, or a number for 1, 2, 4 and 8 byte integers and booleans. */
export type VariableValue = Uint8Array | number | bigint | boolean;

export interface LoadOptions {
  /** The object file that clang made (-target bpf, with BTF). */
  readonly path: string;
  /** Values of `const volatile` globals (also .data and .bss), by name. Every name must exist in the file. */
  readonly rodata?: Readonly<Record<string, VariableValue>>;
  /** Programs to load, by name; all by default. */
  readonly programs?: readonly string[];
  /** Folder on a bpffs (made when missing): maps pinned there under their names are reused, the others are pinned there. */
  readonly pinMapsUnder?: string;
  /** Map sizes other than those of the file. */
  readonly maxEntries?: Readonly<Record<string, number>>;
  /** Maps to take instead of new ones, before any pin is looked at. */
  readonly reuseMaps?: Readonly<Record<string, Fd>>;
  /** Ask the verifier what it took: see {@link BpfObject.verifierLog}. */
  readonly verifierStatistics?: boolean;
}

/** A loaded object: nothing but descriptors, which the caller owns. Closing them frees what is neither attached nor pinned. */
export interface BpfObject {
  readonly programs: ReadonlyMap<string, Fd>;
  readonly maps: ReadonlyMap<string, Fd>;
  /** With `verifierStatistics`: what the verifier said of the last program (`processed 31284 insns ...`). Empty otherwise. */
  readonly verifierLog: string;
  /** The descriptor by name. Throws BpfError for an unknown one. */
  program(name: string): Fd;
  map(name: string): Fd;
  close(): void;
  [Symbol.dispose](): void;
}

/** What the file declares: maps, programs, variables. Loads nothing, needs no privilege. Throws BpfError. */
export async function inspectObject(path: string): Promise<ObjectShape> {
  try {
    return await bpf().objectInspect(path);
  } catch (error) {
    throw explainObject(error, path, 'open');
  }
}

/**
 * Loads an object file with libbpf. Throws VerifierError when a program is refused, MapMismatchError when a pinned map has another layout,
 * BpfError for the rest (no such file, unknown variable, kernel without a needed feature). On failure nothing stays loaded or newly pinned.
 */
export async function loadObject(options: LoadOptions): Promise<BpfObject> {
  const { path, maxEntries = {} } = options;
  const shape = await inspectObject(path);
  const variables = variableBytes(path, shape, options.rodata ?? {});
  const pinned = pinnedMaps(shape, options);
  try {
    const reuse = Object.fromEntries(Object.entries({ ...pinned, ...options.reuseMaps }).map(([name, fd]) => [name, fd.use()]));
    const loaded = await bpf().objectLoad(path, variables, reuse, maxEntries, options.programs, options.verifierStatistics ?? false);
    const object = adopt(loaded);
    if (options.pinMapsUnder !== undefined) pinNewMaps(object, options.pinMapsUnder, Object.keys(reuse));
    return object;
  } catch (error) {
    throw explainObject(error, path, 'load');
  } finally {
    for (const fd of Object.values(pinned)) fd.close();
  }
}

function adopt(loaded: Awaited<ReturnType<BpfAddon['objectLoad']>>): BpfObject {
  const own = (what: string, fds: Record<string, number>) =>
    new Map(Object.entries(fds).map(([name, fd]) => [name, Fd.adopt(fd, `${what} ${name}`)] as const));
  const maps = own('map', loaded.maps);
  const programs = own('program', loaded.programs);
  const close = () => {
    for (const fd of [...maps.values(), ...programs.values()]) fd.close();
  };
  return {
    maps,
    programs,
    verifierLog: loaded.verifierLog,
    map: (name) => named(maps, 'map', name),
    program: (name) => named(programs, 'program', name),
    close,
    [Symbol.dispose]: close,
  };
}

function named(fds: ReadonlyMap<string, Fd>, what: string, name: string): Fd {
  const fd = fds.get(name);
  if (fd === undefined) throw new BpfError(`use ${what} ${name}: not loaded (there are: ${[...fds.keys()].join(', ')})`);
  return fd;
}

/** The maps of the object that are pinned already, checked; the caller closes them. */
function pinnedMaps(shape: ObjectShape, { pinMapsUnder, reuseMaps = {}, maxEntries = {} }: LoadOptions): Record<string, Fd> {
  const found: Record<string, Fd> = {};
  if (pinMapsUnder === undefined) return found;
  try {
    for (const map of shape.maps.filter(({ internal, name }) => !internal && !(name in reuseMaps))) {
      const fd = openIfPinned(join(pinMapsUnder, map.name));
      if (fd === undefined) continue;
      found[map.name] = fd;
      mustFit(fd, { ...map, maxEntries: maxEntries[map.name] ?? map.maxEntries }, join(pinMapsUnder, map.name));
    }
    return found;
  } catch (error) {
    for (const fd of Object.values(found)) fd.close();
    throw error;
  }
}

function mustFit(fd: Fd, wanted: MapShape, path: string): void {
  const info = mapInfo(fd);
  for (const field of ['type', 'keySize', 'valueSize', 'flags', 'maxEntries'] as const) {
    // 0 entries: libbpf chooses (perf event arrays).
    if (info[field] === wanted[field] || (field === 'maxEntries' && wanted[field] === 0)) continue;
    throw new MapMismatchError(wanted.name, path, field, info[field], wanted[field]);
  }
}

function pinNewMaps(object: BpfObject, folder: string, reused: readonly string[]): void {
  const made: string[] = [];
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, fd] of object.maps) {
      if (reused.includes(name)) continue;
      pin(fd, join(folder, name));
      made.push(join(folder, name));
    }
  } catch (error) {
    for (const path of made) unlinkSync(path);
    object.close();
    throw error;
  }
}

/** libbpf names the program in a warning: "prog 'NAME': BPF program load failed: ..." (1.1 to 1.5). */
function explainObject(error: unknown, path: string, verb: string): unknown {
  if (!isAddonFailure(error)) return error;
  const messages = 'messages' in error ? String(error.messages) : '';
  const log = 'verifierLog' in error ? String(error.verifierLog) : '';
  const program = /prog '([^']+)': BPF program load failed/.exec(messages)?.[1];
  if (program !== undefined && log !== '') return new VerifierError(program, error.errno, log, { cause: error });
  const reason = messages.trim().replace(/^libbpf: /gm, '');
  return new BpfError(`${verb} object ${basename(path)}: ${errnoText(error.errno)}${reason === '' ? '' : `: ${reason}`}`, error.errno, {
    cause: error,
  });
}
