import { isLittleEndian } from './endian.ts';

/** A few eBPF instructions, for probes (Documentation/bpf/standardization/instruction-set.rst; struct bpf_insn, linux/bpf.h). */
export interface Instruction {
  readonly opcode: number;
  readonly destination?: number;
  readonly source?: number;
  readonly offset?: number;
  readonly immediate?: number;
}

/** Register 10 points behind the 512 bytes of stack. */
const FRAME = 10;

export const moveImmediate = (destination: number, immediate: number): Instruction => ({ opcode: 0xb7, destination, immediate });

/** Calls the helper with this number of enum bpf_func_id. */
export const call = (immediate: number): Instruction => ({ opcode: 0x85, immediate });

export const exit = (): Instruction => ({ opcode: 0x95 });

/** Clears the last `size` bytes of the stack, a multiple of 8. */
export const storeZero = (size: number): Instruction[] =>
  Array.from({ length: size / 8 }, (_, i) => ({ opcode: 0x7a, destination: FRAME, offset: (i + 1) * -8 }));

const moveFrame = (destination: number): Instruction => ({ opcode: 0xbf, destination, source: FRAME });
const addImmediate = (destination: number, immediate: number): Instruction => ({ opcode: 0x07, destination, immediate });

/** Lets a register point to the start of the last `size` bytes of the stack. */
export const pointToStack = (destination: number, size: number): Instruction[] => [
  moveFrame(destination),
  addImmediate(destination, -size),
];

/** The instructions as the kernel reads them: 8 bytes each, in the processor's byte order. */
export function assemble(instructions: readonly Instruction[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(instructions.length * 8));
  instructions.forEach(({ opcode, destination = 0, source = 0, offset = 0, immediate = 0 }, i) => {
    out.setUint8(i * 8, opcode);
    out.setUint8(i * 8 + 1, isLittleEndian ? (source << 4) | destination : (destination << 4) | source);
    out.setInt16(i * 8 + 2, offset, isLittleEndian);
    out.setInt32(i * 8 + 4, immediate, isLittleEndian);
  });
  return new Uint8Array(out.buffer);
}
