/** What the generator needs of ELF64 (elf(5)): sections by name, and global functions with their sections. */
export interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A global function of an object file. */
export interface GlobalFunction {
  readonly name: string;
  readonly section: string;
}

const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const STB_GLOBAL = 1;
const STT_FUNC = 2;

/** The string that starts at `offset` of a string table. */
export function stringAt(table: Uint8Array, offset: number): string {
  const end = table.indexOf(0, offset);
  return Buffer.from(table.subarray(offset, end < 0 ? table.length : end)).toString('latin1');
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The sections of an object file in their order. Throws Error for anything but little-endian ELF64. */
export function readSections(file: Uint8Array): Section[] {
  const view = viewOf(file);
  if (view.getUint32(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) throw new Error('read object: not a little-endian ELF64 file');
  const table = Number(view.getBigUint64(0x28, true));
  const count = view.getUint16(0x3c, true);
  const headers = Array.from({ length: count }, (_, i) => {
    const at = table + i * SECTION_HEADER_BYTES;
    const offset = Number(view.getBigUint64(at + 0x18, true));
    const size = Number(view.getBigUint64(at + 0x20, true));
    return { nameOffset: view.getUint32(at, true), bytes: file.subarray(offset, offset + size) };
  });
  const names = headers[view.getUint16(0x3e, true)]?.bytes ?? new Uint8Array();
  return headers.map(({ nameOffset, bytes }) => ({ name: stringAt(names, nameOffset), bytes }));
}

/** The section's bytes. Throws Error when there is none of that name. */
export function sectionBytes(sections: readonly Section[], name: string): Uint8Array {
  const section = sections.find((candidate) => candidate.name === name);
  if (section === undefined) throw new Error(`read object: no section ${name} (compile with -g)`);
  return section.bytes;
}

/** Functions with global binding, in the order of the symbol table. */
export function globalFunctions(sections: readonly Section[]): GlobalFunction[] {
  const symbols = sectionBytes(sections, '.symtab');
  const names = sectionBytes(sections, '.strtab');
  const view = viewOf(symbols);
  const found: GlobalFunction[] = [];
  for (let at = 0; at < symbols.length; at += SYMBOL_BYTES) {
    const info = view.getUint8(at + 4);
    if (info >> 4 !== STB_GLOBAL || (info & 0xf) !== STT_FUNC) continue;
    const section = sections[view.getUint16(at + 6, true)]?.name ?? '';
    found.push({ name: stringAt(names, view.getUint32(at, true)), section });
  }
  return found;
}
