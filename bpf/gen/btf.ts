import { stringAt } from './elf.ts';

/** BTF type kinds (include/uapi/linux/btf.h), as far as C for BPF makes them. */
const kinds = [
  'void',
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
] as const;

export type Kind = (typeof kinds)[number];

/** A member of a struct or union (`offset` in bits), an enumerator (`value`), or a variable of a section. */
export interface Member {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly value: number;
  /** Width in bits of a bit field, 0 otherwise. */
  readonly bits: number;
}

/** One type. `type` is the id of the type that it refers to; `size` in bytes where the kind has one. */
export interface BtfType {
  readonly kind: Kind;
  readonly name: string;
  readonly size: number;
  readonly type: number;
  /** Elements of an array. */
  readonly count: number;
  readonly members: readonly Member[];
  /** An int with BTF_INT_SIGNED. */
  readonly isSigned: boolean;
}

const BTF_MAGIC = 0xeb9f;
const nothing = { size: 0, type: 0, count: 0, members: [], isSigned: false };

/** The types of a .BTF section; the index is the type id. Kernel documentation: Documentation/bpf/btf.rst. */
export class Btf {
  readonly types: readonly BtfType[];

  /** Throws Error when the bytes are not version 1 of little-endian BTF, or hold an unknown kind. */
  constructor(section: Uint8Array) {
    this.types = readTypes(section);
  }

  /** Throws Error for an id that does not exist. */
  get(id: number): BtfType {
    const type = this.types[id];
    if (type === undefined) throw new Error(`read BTF: no type ${id}`);
    return type;
  }

  /** Without const, volatile and restrict; typedefs stay. */
  unqualified(id: number): BtfType {
    const type = this.get(id);
    return type.kind === 'const' || type.kind === 'volatile' || type.kind === 'restrict' ? this.unqualified(type.type) : type;
  }

  /** Without qualifiers and typedefs. */
  resolved(id: number): BtfType {
    const type = this.unqualified(id);
    return type.kind === 'typedef' ? this.resolved(type.type) : type;
  }

  /** The variables of a section such as `.maps`; none when the object has no such section. */
  variables(section: string): { name: string; type: number }[] {
    const found = this.types.find(({ kind, name }) => kind === 'datasec' && name === section);
    return (found?.members ?? []).map((member) => this.get(member.type)).map(({ name, type }) => ({ name, type }));
  }
}

/** Reads the stream of type records. Each reader of a kind returns what follows the common 12 bytes. */
class Reader {
  readonly #view: DataView;
  readonly #strings: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(section: Uint8Array) {
    this.#view = new DataView(section.buffer, section.byteOffset, section.byteLength);
    if (this.#view.getUint16(0, true) !== BTF_MAGIC || this.#view.getUint8(2) !== 1) throw new Error('read BTF: wrong magic or version');
    const header = this.#view.getUint32(4, true);
    this.#at = header + this.#view.getUint32(8, true);
    this.#end = this.#at + this.#view.getUint32(12, true);
    this.#strings = section.subarray(header + this.#view.getUint32(16, true));
  }

  get more(): boolean {
    return this.#at < this.#end;
  }

  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  string(): string {
    return stringAt(this.#strings, this.u32());
  }

  times<T>(count: number, read: () => T): T[] {
    return Array.from({ length: count }, read);
  }
}

function readMember(reader: Reader, hasBitfields: boolean): Member {
  const name = reader.string();
  const type = reader.u32();
  const raw = reader.u32();
  return { name, type, value: 0, offset: hasBitfields ? raw & 0xffffff : raw, bits: hasBitfields ? raw >>> 24 : 0 };
}

function readEnumerator(reader: Reader, words: number): Member {
  const name = reader.string();
  const [low] = reader.times(words, () => reader.u32());
  return { name, type: 0, offset: 0, bits: 0, value: low ?? 0 };
}

function readArray(reader: Reader): Partial<BtfType> {
  const type = reader.u32();
  reader.u32();
  return { type, count: reader.u32() };
}

function readSectionVariable(reader: Reader): Member {
  const type = reader.u32();
  const offset = reader.u32();
  reader.u32();
  return { name: '', type, offset, bits: 0, value: 0 };
}

/** What is particular to a kind; `count` and `flag` come from the record's info word, `word` is its size or type. */
function readBody(reader: Reader, kind: Kind, count: number, flag: boolean, word: number): Partial<BtfType> {
  switch (kind) {
    case 'int':
      return { size: word, isSigned: ((reader.u32() >>> 24) & 1) === 1 };
    case 'array':
      return readArray(reader);
    case 'struct':
    case 'union':
      return { size: word, members: reader.times(count, () => readMember(reader, flag)) };
    case 'enum':
      return { size: word, members: reader.times(count, () => readEnumerator(reader, 1)) };
    case 'enum64':
      return { size: word, members: reader.times(count, () => readEnumerator(reader, 2)) };
    case 'func_proto':
      reader.times(count * 2, () => reader.u32());
      return { type: word };
    case 'var':
    case 'decl_tag':
      reader.u32();
      return { type: word };
    case 'datasec':
      return { members: reader.times(count, () => readSectionVariable(reader)) };
    default:
      return { type: word };
  }
}

function readTypes(section: Uint8Array): BtfType[] {
  const reader = new Reader(section);
  const types: BtfType[] = [{ kind: 'void', name: 'void', ...nothing }];
  while (reader.more) {
    const name = reader.string();
    const info = reader.u32();
    const kind = kinds[(info >>> 24) & 0x1f];
    if (kind === undefined) throw new Error(`read BTF: unknown kind ${(info >>> 24) & 0x1f} of type ${types.length}`);
    const word = reader.u32();
    types.push({ kind, name, ...nothing, ...readBody(reader, kind, info & 0xffff, info >>> 31 === 1, word) });
  }
  return types;
}
