/** What the harness itself refuses or cannot do; `code` is stable and made for matching. */
export type HarnessCode =
  | 'NOT_ROOT'
  | 'NO_NAMESPACES'
  | 'NO_PROGRAM'
  | 'NO_CGROUP2'
  | 'CGROUP_REFUSED'
  | 'KEEPER_FAILED'
  | 'LAB_CLOSED'
  | 'NAME_TAKEN'
  | 'BAD_NAME'
  | 'NO_SUCH_MACHINE'
  | 'BAD_LOAD'
  | 'NO_VALUES'
  | 'BAD_SHAPE'
  | 'BAD_FAULT'
  | 'NO_SUCH_SOCKET'
  | 'NO_EMULATION'
  | 'NO_ADDRESS'
  | 'BAD_ADDRESS'
  | 'BAD_COMMAND'
  | 'COMMAND_FAILED'
  | 'SERVICE_FAILED'
  | 'TIMEOUT'
  | 'NOT_CLEAN'
  | 'BAD_NETWORK'
  | 'NO_SUCH_NETWORK'
  | 'NO_SUCH_PLUGIN'
  | 'BAD_CACHE'
  | 'BAD_RESULT'
  | 'UNSUPPORTED_VERB'
  | 'UNSUPPORTED'
  | 'BAD_PROBE'
  | 'NO_VM'
  | 'NO_KERNEL'
  | 'VM_FAILED'
  | 'VM_CLOSED'
  | 'KERNEL_PANIC';

/** An error of the harness, as opposed to one of the plugin under test ({@link CniError}). */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: HarnessCode;

  constructor(code: HarnessCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
