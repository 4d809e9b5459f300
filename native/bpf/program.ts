import { sys } from '../binding.ts';
import { calling } from '../errors.ts';
import { Fd } from '../fd.ts';
import { assemble, call, exit, type Instruction, moveImmediate } from './instructions.ts';

/** Loads a program that was written by hand; `type` of ProgramType. Throws SyscallError: EINVAL or EACCES when the verifier refuses it. */
export function loadProgram(what: string, type: number, instructions: readonly Instruction[], attachType = 0): Fd {
  return Fd.adopt(
    calling(`load program ${what}`, () => sys().bpfProgramLoad(type, assemble(instructions), attachType)),
    what,
  );
}

/** Helpers by their number in enum bpf_func_id (linux/bpf.h). */
const GET_PRANDOM_U32 = 7;
const REDIRECT = 23;
/** BPF_JMP32 | BPF_JGE | BPF_K: compares the lower halves, unsigned. */
const JUMP32_GREATER_EQUAL = 0x36;
/** TCX_NEXT: let the next program, or the stack, decide (enum tcx_action_base). */
const NEXT = -1;
/** No device has it: indexes are given from 1 upwards. */
const NO_DEVICE = 0x7fffffff;

/**
 * A tcx egress program that loses each frame with a probability from 0 to 1, unnoticed by the sender: it redirects to a device that does not exist,
 * which frees the frame and reports success (skb_do_redirect, net/core/filter.c). TCX_DROP would tell the sender's socket (ENOBUFS).
 */
export function silentLoss(probability: number): Instruction[] {
  const lose = [moveImmediate(1, NO_DEVICE), moveImmediate(2, 0), call(REDIRECT), exit()];
  const threshold = Math.round(probability * 2 ** 32);
  if (threshold >= 2 ** 32) return lose;
  return [
    call(GET_PRANDOM_U32),
    { opcode: JUMP32_GREATER_EQUAL, destination: 0, offset: lose.length, immediate: threshold | 0 },
    ...lose,
    moveImmediate(0, NEXT),
    exit(),
  ];
}
