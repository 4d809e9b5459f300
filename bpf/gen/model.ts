import { Btf, type BtfType, type Member } from './btf.ts';
import { globalFunctions, readSections, sectionBytes } from './elf.ts';

/** One member of a shared struct: a word of native/bpf/layout.ts with its arguments. */
export interface FieldModel {
  readonly name: string;
  readonly expression: string;
  /** Words of native/bpf/layout.ts that the expression uses. */
  readonly words: readonly string[];
}

export interface StructModel {
  readonly name: string;
  readonly size: number;
  readonly fields: readonly FieldModel[];
}

export interface EnumModel {
  readonly name: string;
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

/** One enumerator of enum drop_reason with its comment. */
export interface DropText {
  readonly name: string;
  readonly value: number;
  readonly text: string;
}

/** `key` and `value`: struct names, integer types such as `__u32`, or absent (ring buffers). */
export interface MapModel {
  readonly name: string;
  readonly type: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly key?: string;
  readonly value?: string;
}

/** A `const volatile cfg_*`: a number, or this many bytes. */
export interface SettingModel {
  readonly name: string;
  readonly bytes?: number;
}

export interface ProgramModel {
  readonly name: string;
  readonly object: string;
  readonly section: string;
}

/** All that TypeScript must know of the objects. Keys are names. */
export interface Model {
  readonly structs: Map<string, StructModel>;
  readonly enums: Map<string, EnumModel>;
  readonly maps: Map<string, MapModel>;
  readonly settings: Map<string, SettingModel>;
  readonly programs: Map<string, ProgramModel>;
}

const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** `__be16` and `__be32` carry the byte order in their name; everything else is the processor's. */
function integerWord(btf: Btf, id: number): string | undefined {
  const named = btf.unqualified(id);
  if (named.kind === 'typedef' && /^__be(16|32|64)$/.test(named.name)) return named.name.slice(2);
  if (named.kind === 'typedef') return integerWord(btf, named.type);
  if (named.kind === 'int') return `${named.isSigned ? 'i' : 'u'}${named.size * 8}`;
  return undefined;
}

function sizeOf(btf: Btf, id: number): number {
  const type = btf.resolved(id);
  return type.kind === 'array' ? type.count * sizeOf(btf, type.type) : type.kind === 'ptr' ? 8 : type.size;
}

function arrayField(btf: Btf, array: BtfType, name: string, offset: number): FieldModel {
  const word = integerWord(btf, array.type);
  if (word === 'u8' || word === 'i8') {
    const kind = name.startsWith('pad') ? 'zero' : 'bytes';
    return { name: camel(name), expression: `${kind}(${offset}, ${array.count})`, words: [kind] };
  }
  if (word === undefined) throw new Error('is an array of something else than integers');
  return { name: camel(name), expression: `array(${offset}, ${array.count}, ${word})`, words: ['array', word] };
}

function field(btf: Btf, member: Member): FieldModel {
  if (member.bits > 0 || member.offset % 8 !== 0) throw new Error('is a bit field');
  const offset = member.offset / 8;
  const type = btf.resolved(member.type);
  if (type.kind === 'array') return arrayField(btf, type, member.name, offset);
  const word = integerWord(btf, member.type);
  if (word === undefined) throw new Error(`is a ${type.kind}, which shared structs cannot hold`);
  if (member.name.startsWith('pad')) return { name: camel(member.name), expression: `zero(${offset}, ${type.size})`, words: ['zero'] };
  return { name: camel(member.name), expression: `${word}(${offset})`, words: [word] };
}

/** Throws Error for holes, bit fields, unions and whatever else has no one meaning on both sides. */
export function structModel(btf: Btf, type: BtfType): StructModel {
  let end = 0;
  const fields = type.members.map((member) => {
    try {
      if (member.offset / 8 > end) throw new Error(`follows a hole at byte ${end}: declare it as padding`);
      end = member.offset / 8 + sizeOf(btf, member.type);
      return field(btf, member);
    } catch (error) {
      throw new Error(`lay out ${type.name}.${member.name}: ${(error as Error).message}`);
    }
  });
  if (end !== type.size) throw new Error(`lay out ${type.name}: a hole at byte ${end}: declare it as padding`);
  return { name: type.name, size: type.size, fields };
}

/** What all enumerators start with, up to an underscore: DROP_ of DROP_VLAN and DROP_WRITE. */
function commonPrefix(names: readonly string[]): string {
  const [first = ''] = names;
  let prefix = first.slice(0, first.lastIndexOf('_') + 1);
  while (prefix !== '' && !names.every((name) => name.startsWith(prefix))) {
    prefix = prefix.slice(0, prefix.lastIndexOf('_', prefix.length - 2) + 1);
  }
  return prefix;
}

/** Enumerators by the names that TypeScript gives them. */
export function shortNames({ values }: EnumModel): { name: string; value: number }[] {
  const { length } = commonPrefix(values.map(({ name }) => name));
  return values.map(({ name, value }) => ({ name: name.slice(length), value }));
}

function sharedType(btf: Btf, id: number, model: Model): string {
  const type = btf.resolved(id);
  if (type.kind === 'struct') {
    model.structs.set(type.name, structModel(btf, type));
    return type.name;
  }
  if (type.kind === 'enum') {
    model.enums.set(type.name, { name: type.name, values: type.members.map(({ name, value }) => ({ name, value })) });
    return type.name;
  }
  const word = integerWord(btf, id);
  if (word === undefined) throw new Error(`share type ${type.name}: a ${type.kind} has no layout`);
  return word;
}

/** libbpf's map declarations: __uint(x, n) is a pointer to an array of n, __type(x, t) a pointer to t. */
function mapModel(btf: Btf, name: string, declaration: BtfType, model: Model): MapModel {
  const target = (field: string) => {
    const member = declaration.members.find((candidate) => candidate.name === field);
    return member && btf.resolved(member.type).type;
  };
  const number = (field: string) => {
    const id = target(field);
    return id === undefined ? 0 : btf.resolved(id).count;
  };
  const shared = (field: string) => {
    const id = target(field);
    return id === undefined ? {} : { [field]: sharedType(btf, id, model) };
  };
  return {
    name,
    type: number('type'),
    maxEntries: number('max_entries'),
    flags: number('map_flags'),
    ...shared('key'),
    ...shared('value'),
  };
}

function settingModel(btf: Btf, name: string, id: number): SettingModel {
  const type = btf.resolved(id);
  if (type.kind === 'array') return { name, bytes: sizeOf(btf, id) };
  if (integerWord(btf, id) === undefined) throw new Error(`read setting ${name}: neither an integer nor bytes`);
  return { name };
}

export function emptyModel(): Model {
  return { structs: new Map(), enums: new Map(), maps: new Map(), settings: new Map(), programs: new Map() };
}

/** What one object file declares. `object` is its name without folder and ending. */
export function readObject(file: Uint8Array, object: string): Model {
  const sections = readSections(file);
  const btf = new Btf(sectionBytes(sections, '.BTF'));
  const model = emptyModel();
  for (const { name, type } of btf.variables('.maps')) model.maps.set(name, mapModel(btf, name, btf.resolved(type), model));
  for (const { name, type } of btf.variables('.rodata')) {
    if (name.startsWith('cfg_')) model.settings.set(name, settingModel(btf, name, type));
    else if (name.startsWith('anchor_')) sharedType(btf, btf.resolved(type).type, model);
  }
  for (const { name, section } of globalFunctions(sections)) {
    // Steps that programs share are global functions too, which libbpf takes from here.
    if (section !== '.text') model.programs.set(name, { name, object, section });
  }
  return model;
}

/** Adds `more` to `model`. Throws Error when two objects say different things under one name. */
export function merge(model: Model, more: Model): void {
  for (const part of ['structs', 'enums', 'maps', 'settings', 'programs'] as const) {
    const into = model[part] as Map<string, unknown>;
    for (const [name, value] of more[part]) {
      const known = into.get(name);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(value)) {
        throw new Error(`merge ${part}: ${name} is declared differently in two objects`);
      }
      into.set(name, value);
    }
  }
}
