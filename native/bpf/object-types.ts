import type { Fd } from '../fd.ts';

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
