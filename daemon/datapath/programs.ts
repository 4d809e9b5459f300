import { createHash } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type DatapathSettings, maps, objects, type ProgramName, programs } from '../../bpf/layout.generated.ts';
import type { Paths } from '../../conf/paths.ts';
import { step } from '../../conf/step.ts';
import {
  type BpfObject,
  type Fd,
  getPinned,
  inspectObject,
  loadObject,
  type MapMismatchError,
  mapInfo,
  openIfPinned,
  pin,
  programInfo,
  type VariableValue,
} from '../../native/index.ts';
import { hasErrno, messageOf, StartError } from '../failure.ts';
import { readIfThere, removeAll, writeWhole } from '../files.ts';
import type { Logger } from '../log.ts';
import { ensureBpffs } from './bpffs.ts';
import { carryOver, finishCarryOver, isStateMap, setAside } from './state-maps.ts';

const programNames = Object.keys(programs) as ProgramName[];

export interface ProgramSetOptions {
  readonly paths: Paths;
  /** Where an object file of this name is. */
  readonly objectPath: (name: string) => string;
  /** Values of the `cfg_` constants. */
  readonly rodata: DatapathSettings;
  readonly version: string;
  readonly log: Logger;
}

/**
 * The loaded programs and their maps, one set for the whole node. They are pinned, and a digest of all that went into them is kept beside
 * the state, so that a restarted daemon with nothing new loads and verifies nothing.
 */
export class ProgramSet {
  readonly #programs: ReadonlyMap<string, Fd>;
  readonly #maps: ReadonlyMap<string, Fd>;
  /** True when the set was loaded now: links may still run programs of an older one. */
  readonly isNew: boolean;
  readonly #digest: string;
  readonly #paths: Paths;

  private constructor(programs: ReadonlyMap<string, Fd>, maps: ReadonlyMap<string, Fd>, isNew: boolean, digest: string, paths: Paths) {
    this.#programs = programs;
    this.#maps = maps;
    this.isNew = isNew;
    this.#digest = digest;
    this.#paths = paths;
  }

  /** Opens the pinned set, or loads and pins a new one. Throws StartError; a refusal by the verifier names the program and ends with its log. */
  static async open(options: ProgramSetOptions): Promise<ProgramSet> {
    try {
      const digest = digestOf(options);
      const pinned = readIfThere(digestPath(options.paths)) === digest ? openPinned(options.paths) : undefined;
      if (pinned !== undefined) return new ProgramSet(pinned.programs, pinned.maps, false, digest, options.paths);
      const loaded = await load(options);
      return new ProgramSet(loaded.programs, loaded.maps, true, digest, options.paths);
    } catch (error) {
      throw new StartError('load the datapath', error);
    }
  }

  program(name: ProgramName): Fd {
    return named(this.#programs, name);
  }

  map(name: string): Fd {
    return named(this.#maps, name);
  }

  /** Remembers that every link runs this set; until then, or when that cannot be written, the next start loads again. */
  commit(log: Logger): void {
    if (!this.isNew) return;
    try {
      finishCarryOver(this.#paths.maps, (name) => this.map(name), log);
      writeWhole(digestPath(this.#paths), this.#digest);
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'remembering the programs failed; the next start loads them again');
    }
  }

  /** Pins that are gone or hold something else, one sentence each: plugins find the programs by them, and the next start its maps. */
  pinProblems(): string[] {
    const lost = this.#pins().filter(({ path, isSame }) => !isSame(path));
    return lost.map(({ path }) => `pin ${path} is gone or another's`);
  }

  /** Pins again what is not pinned. */
  async restorePins(): Promise<void> {
    await ensureBpffs(this.#paths);
    for (const { path, fd, isSame } of this.#pins()) if (!isSame(path)) pinOver(fd, path);
  }

  #pins(): { path: string; fd: Fd; isSame: (path: string) => boolean }[] {
    const { progs, maps: folder } = this.#paths;
    return [
      ...[...this.#programs].map(([name, fd]) => ({ path: join(progs, name), fd, isSame: isPinned(fd, programInfo) })),
      ...[...this.#maps].map(([name, fd]) => ({ path: join(folder, name), fd, isSame: isPinned(fd, mapInfo) })),
    ];
  }

  close(): void {
    for (const fd of [...this.#programs.values(), ...this.#maps.values()]) fd.close();
  }
}

/** Tells whether a path holds the object of a descriptor. */
function isPinned(fd: Fd, info: (fd: Fd) => { readonly id: number }): (path: string) => boolean {
  return (path) => {
    using found = openIfPinned(path);
    return found !== undefined && info(found).id === info(fd).id;
  };
}

function named(fds: ReadonlyMap<string, Fd>, name: string): Fd {
  const fd = fds.get(name);
  if (fd === undefined) throw new Error(`use ${name}: not loaded`);
  return fd;
}

const digestPath = (paths: Paths): string => join(paths.runDir, 'programs.sha256');

function digestOf({ objectPath, rodata, version }: ProgramSetOptions): string {
  const hash = createHash('sha256').update(version);
  for (const name of objects) hash.update(readFileSync(objectPath(name)));
  const values = Object.entries(rodata).map(([name, value]) => [name, value instanceof Uint8Array ? [...value] : String(value)]);
  return hash.update(JSON.stringify(values)).digest('hex');
}

interface Loaded {
  readonly programs: Map<string, Fd>;
  readonly maps: Map<string, Fd>;
}

function openPinned(paths: Paths): Loaded | undefined {
  const fds: Fd[] = [];
  const open = (folder: string, name: string): [string, Fd] => {
    const fd = getPinned(join(folder, name));
    fds.push(fd);
    return [name, fd];
  };
  try {
    const opened = new Map(programNames.map((name) => open(paths.progs, name)));
    return { programs: opened, maps: new Map(Object.keys(maps).map((name) => open(paths.maps, name))) };
  } catch (error) {
    for (const fd of fds) fd.close();
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function load(options: ProgramSetOptions): Promise<Loaded> {
  const { paths } = options;
  step('start.programs.forget', () => removeAll(digestPath(paths)));
  const loaded: Loaded = { programs: new Map(), maps: new Map() };
  for (const name of programNames) {
    const object = await step('start.programs.load', () => loadOne(programs[name].object, options));
    loaded.programs.set(name, object.program(name));
    for (const [map, fd] of object.maps) keepOrClose(loaded.maps, map, fd);
  }
  carryOver(paths.maps, (name) => named(loaded.maps, name), options.log);
  for (const [name, fd] of loaded.programs) step('start.programs.pin', () => pinOver(fd, join(paths.progs, name)));
  return loaded;
}

function keepOrClose(kept: Map<string, Fd>, name: string, fd: Fd): void {
  if (kept.has(name) || !(name in maps)) fd.close();
  else kept.set(name, fd);
}

/** A map whose layout changed is made anew: the daemon writes every row of its own maps at start, and copies those of state maps. */
async function loadOne(file: string, options: ProgramSetOptions): Promise<BpfObject> {
  const path = options.objectPath(file);
  const shape = await inspectObject(path);
  const has = (name: string) => shape.variables.some((variable) => variable.name === name);
  const rodata: Record<string, VariableValue> = Object.fromEntries(Object.entries(options.rodata).filter(([name]) => has(name)));
  for (;;) {
    try {
      return await loadObject({ path, rodata, pinMapsUnder: options.paths.maps });
    } catch (error) {
      if (!isMismatch(error)) throw error;
      options.log.warn({ map: error.path, reason: messageOf(error) }, 'the layout of a map changed, making it anew');
      const wanted = shape.maps.find(({ name }) => name === error.map);
      if (wanted !== undefined && isStateMap(wanted.name)) setAside(error.path, wanted);
      else removeAll(error.path);
    }
  }
}

const isMismatch = (error: unknown): error is MapMismatchError =>
  error instanceof Error && 'code' in error && error.code === 'MAP_MISMATCH';

/** Puts a pin in the place of the one that is there; whoever opens the path gets the old object or the new one. */
function pinOver(fd: Fd, path: string): void {
  const fresh = `${path}_new`;
  removeAll(fresh);
  pin(fd, fresh);
  renameSync(fresh, path);
}
