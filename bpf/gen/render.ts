import { type DropText, type EnumModel, type MapModel, type Model, type SettingModel, type StructModel, shortNames } from './model.ts';

const lowerCamel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const upperCamel = (name: string) => lowerCamel(`_${name}`);
/** A string literal as the formatter writes it: the quotes that need fewer escapes. */
const quote = (text: string) => {
  const count = (mark: string) => text.split(mark).length;
  return count("'") > count('"') ? JSON.stringify(text) : `'${text.replaceAll("'", "\\'")}'`;
};
const byName = <T extends { name: string }>(items: Iterable<T>) => [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
const isInteger = (type: string) => /^[iu](8|16|32|64)$/.test(type);

/** Names of enum bpf_map_type (include/uapi/linux/bpf.h) for the types that we use. */
const mapTypes: Readonly<Record<number, string>> = {
  1: 'hash',
  2: 'array',
  3: 'progArray',
  5: 'perCpuHash',
  6: 'perCpuArray',
  9: 'lruHash',
  10: 'lruPerCpuHash',
  11: 'lpmTrie',
  12: 'arrayOfMaps',
  13: 'hashOfMaps',
  27: 'ringBuffer',
};

function renderStruct({ name, size, fields }: StructModel): string {
  const members = fields.map((field) => `  ${field.name}: ${field.expression},\n`).join('');
  return `/** struct ${name} */
export const ${lowerCamel(name)} = struct('${name}', ${size}, {
${members}});
export type ${upperCamel(name)} = LayoutValue<typeof ${lowerCamel(name)}>;
`;
}

function renderEnum(model: EnumModel): string {
  const members = shortNames(model).map(({ name, value }) => `  ${name}: ${value},\n`);
  return `/** enum ${model.name} */
export const ${lowerCamel(model.name)} = {
${members.join('')}} as const;
export type ${upperCamel(model.name)} = keyof typeof ${lowerCamel(model.name)};
`;
}

const layoutOf = (type: string) => (isInteger(type) ? `scalar('${type}', ${type})` : lowerCamel(type));

function renderMap({ name, type, maxEntries, flags, key, value }: MapModel): string {
  const layouts = [key && `    key: ${layoutOf(key)},\n`, value && `    value: ${layoutOf(value)},\n`].filter(Boolean).join('');
  return `  ${name}: {
    name: '${name}',
    type: '${mapTypes[type] ?? `type ${type}`}',
    maxEntries: ${maxEntries},
    flags: ${flags},
${layouts}  },
`;
}

function renderSetting({ name, bytes }: SettingModel): string {
  return `  readonly ${name}: ${bytes === undefined ? 'number' : `Uint8Array /* ${bytes} bytes */`};\n`;
}

/** As the import sorter has it: letters without case, numbers by value. */
const natural = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
const typed = (word: string) => (word === 'LayoutValue' ? `type ${word}` : word);

function usedWords(model: Model): string[] {
  const words = new Set(['struct']);
  for (const { fields } of model.structs.values()) for (const field of fields) for (const word of field.words) words.add(word);
  for (const { key, value } of model.maps.values()) {
    for (const type of [key, value]) if (type !== undefined && isInteger(type)) words.add('scalar').add(type);
  }
  return [...words].sort();
}

/** The text of bpf/layout.generated.ts, as the formatter would leave it. */
export function renderLayout(model: Model, drops: readonly DropText[]): string {
  const programs = byName(model.programs.values());
  const objects = [...new Set(programs.map(({ object }) => object))].sort();
  return `// Made by bpf/gen/generate.ts from the BTF of dist/bpf/*.o: do not edit.
import { ${[...usedWords(model), 'LayoutValue'].sort(natural).map(typed).join(', ')} } from '../native/bpf/layout.ts';

${byName(model.structs.values()).map(renderStruct).join('\n')}
${byName(model.enums.values()).map(renderEnum).join('\n')}
/** What each drop reason means, from bpf/lib/drop.h. */
export const dropReasonText: Readonly<Record<DropReason, string>> = {
${drops.map(({ name, text }) => `  ${name}: ${quote(text)},\n`).join('')}};

/** The shared maps, pinned by name. \`type\` as enum bpf_map_type, in camel case. */
export const maps = {
${byName(model.maps.values()).map(renderMap).join('')}} as const;
export type MapName = keyof typeof maps;

/** Read-only settings of every object: set all of them before the load. Units and meaning: bpf/lib/settings.h. */
export type DatapathSettings = {
${[...model.settings.values()].map(renderSetting).join('')}};

/** The object files below dist/bpf, without ending. */
export const objects = [${objects.map((object) => `'${object}'`).join(', ')}] as const;

/** Programs, and the object that holds each. */
export const programs = {
${programs.map(({ name, object, section }) => `  ${name}: { object: '${object}', section: '${section}' },\n`).join('')}} as const;
export type ProgramName = keyof typeof programs;
`;
}
