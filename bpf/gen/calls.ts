import { readSections, type Section, sectionBytes, stringAt } from './elf.ts';

/** A function of an object file, and the functions that it calls, in the order of its calls. */
export interface CallGraph {
  readonly name: string;
  readonly calls: readonly CallGraph[];
}

interface FunctionSymbol {
  readonly name: string;
  readonly section: number;
  readonly offset: number;
  readonly size: number;
}

const [SYMBOL_BYTES, RELOCATION_BYTES, INSTRUCTION_BYTES] = [24, 16, 8];
const [STT_FUNC, STT_SECTION] = [2, 3];
/** BPF_JMP | BPF_CALL, and in its source register BPF_PSEUDO_CALL (linux/bpf.h). */
const [CALL, PSEUDO_CALL] = [0x85, 1];

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function readSymbols(sections: readonly Section[]) {
  const table = viewOf(sectionBytes(sections, '.symtab'));
  const names = sectionBytes(sections, '.strtab');
  return Array.from({ length: table.byteLength / SYMBOL_BYTES }, (_, i) => {
    const at = i * SYMBOL_BYTES;
    return {
      name: stringAt(names, table.getUint32(at, true)),
      type: table.getUint8(at + 4) & 0xf,
      section: table.getUint16(at + 6, true),
      offset: Number(table.getBigUint64(at + 8, true)),
      size: Number(table.getBigUint64(at + 16, true)),
    };
  });
}

/** Offset in the section → number of the symbol that the instruction there refers to. */
function readRelocations(sections: readonly Section[], name: string): Map<number, number> {
  const bytes = sections.find((section) => section.name === `.rel${name}`)?.bytes ?? new Uint8Array();
  const view = viewOf(bytes);
  const offsets = Array.from({ length: bytes.length / RELOCATION_BYTES }, (_, i) => i * RELOCATION_BYTES);
  return new Map(offsets.map((at) => [Number(view.getBigUint64(at, true)), view.getUint32(at + 12, true)]));
}

/** Who calls whom from `program` on. Throws Error when the object has no such function or a call leads to none. */
export function callGraph(file: Uint8Array, program: string): CallGraph {
  const sections = readSections(file);
  const symbols = readSymbols(sections);
  const functions: FunctionSymbol[] = symbols.filter(({ type }) => type === STT_FUNC);
  const known = new Map<FunctionSymbol, CallGraph>();

  const at = (section: number, offset: number) =>
    functions.find((each) => each.section === section && each.offset === offset) ?? fail(`no function at ${offset}`);

  function target(from: FunctionSymbol, offset: number, immediate: number, relocations: Map<number, number>): FunctionSymbol {
    const symbol = symbols[relocations.get(offset) ?? -1];
    if (symbol === undefined) return at(from.section, offset + INSTRUCTION_BYTES * (immediate + 1));
    return symbol.type === STT_SECTION ? at(symbol.section, INSTRUCTION_BYTES * (immediate + 1)) : at(symbol.section, symbol.offset);
  }

  function graphOf(from: FunctionSymbol): CallGraph {
    const seen = known.get(from);
    if (seen !== undefined) return seen;
    const calls: CallGraph[] = [];
    const graph = { name: from.name, calls };
    known.set(from, graph);
    const section = sections[from.section] ?? fail(`no section of ${from.name}`);
    const relocations = readRelocations(sections, section.name);
    const code = viewOf(section.bytes);
    for (let offset = from.offset; offset < from.offset + from.size; offset += INSTRUCTION_BYTES) {
      if (code.getUint8(offset) !== CALL || code.getUint8(offset + 1) >> 4 !== PSEUDO_CALL) continue;
      calls.push(graphOf(target(from, offset, code.getInt32(offset + 4, true), relocations)));
    }
    return graph;
  }

  return graphOf(functions.find(({ name }) => name === program) ?? fail(`no function ${program}`));
}

function fail(what: string): never {
  throw new Error(`read the calls of an object: ${what}`);
}

/** The functions of a loaded program in libbpf's order, which is the verifier's: each before those that it calls, each once. */
export function loadOrder(program: CallGraph): CallGraph[] {
  const order: CallGraph[] = [];
  const append = (graph: CallGraph) => {
    if (order.includes(graph)) return;
    order.push(graph);
    for (const callee of graph.calls) append(callee);
  };
  append(program);
  return order;
}

/** The kernel rounds each frame up to 32 bytes where it interprets, to 16 where it compiles (kernel/bpf/verifier.c): the larger one. */
const FRAME_ROUNDING = 32;

/** Bytes of stack that the deepest chain of calls takes. `depths`: of each function in {@link loadOrder}. */
export function deepestStack(program: CallGraph, depths: readonly number[]): number {
  const order = loadOrder(program);
  if (depths.length !== order.length)
    throw new Error(`measure the stack of ${program.name}: ${depths.length} depths for ${order.length} functions`);
  const deepest = (graph: CallGraph): number => {
    const own = Math.ceil(Math.max(depths[order.indexOf(graph)] ?? 0, 1) / FRAME_ROUNDING) * FRAME_ROUNDING;
    return own + Math.max(0, ...graph.calls.map(deepest));
  };
  return deepest(program);
}
