import { sys } from '../binding.ts';
import { calling } from '../errors.ts';
import type { Fd } from '../fd.ts';
import type { Netns } from '../netns.ts';

export interface TestRunInput {
  /** The packet, from the Ethernet header on (at least 14 bytes for tc programs). */
  readonly data: Uint8Array;
  /** struct __sk_buff or xdp_md as the program shall see it; the kernel refuses fields that cannot be set (EINVAL). */
  readonly context?: Uint8Array;
  /** How often the program runs on the same input; default 1. The call blocks that long. */
  readonly repeat?: number;
  /** Namespace that the program runs in (its devices, routes and neighbours), the process's own by default. */
  readonly netns?: Netns;
}

export interface TestRunOutput {
  /** The program's return value as a signed number (TC_ACT_UNSPEC is -1). */
  readonly retval: number;
  /** The packet afterwards. */
  readonly data: Uint8Array;
  /** The context afterwards; empty when none was given. */
  readonly context: Uint8Array;
  /** Mean time of one run in nanoseconds. */
  readonly durationNs: number;
}

/** Room for what a program may put in front of or behind a packet. */
const GROWTH = 1024;

/** BPF_PROG_TEST_RUN: runs a program on one packet, on this processor, without a device. Throws SyscallError. */
export function testRun(program: Fd, { data, context, repeat = 1, netns }: TestRunInput): TestRunOutput {
  const dataOut = new Uint8Array(data.length + GROWTH);
  const contextOut = new Uint8Array(context?.length ?? 0);
  const [retval, durationNs, dataSize, contextSize] = calling(`test-run ${program.what}`, () =>
    sys().bpfTestRun(program.use(), netns?.use(), data, context ?? new Uint8Array(0), repeat, dataOut, contextOut),
  );
  return { retval: retval | 0, data: dataOut.slice(0, dataSize), context: contextOut.slice(0, contextSize), durationNs };
}
