import { mkdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BpfAddon, bpf } from '../binding.ts';
import { BpfError, errnoText, isAddonFailure, MapMismatchError, VerifierError } from '../errors.ts';
import { Fd } from '../fd.ts';
import { mapInfo } from './info.ts';
import type { BpfObject, LoadOptions, MapShape, ObjectShape } from './object-types.ts';
import { openIfPinned, pin } from './pin.ts';
import { variableBytes } from './variables.ts';

export type { BpfObject, LoadOptions, MapShape, ObjectShape, VariableValue } from './object-types.ts';

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
