/**
 * What can go wrong in a codec, before or after the kernel has spoken. What the kernel itself refuses is a `NetlinkError` (`native/errors.ts`).
 */

/** Bytes from the kernel that are not the message they claim to be: cut short, or an attribute of the wrong size. */
export class DecodeError extends Error {
  readonly code = 'NETLINK_DECODE';
  /** Where the reader stood, in bytes from the start of the datagram. */
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(`decode netlink message at byte ${offset}: ${problem}`);
    this.name = 'DecodeError';
    this.offset = offset;
  }
}

/** A caller's value that does not fit its field: too large, too long, no address. `field` names it. */
export class EncodeError extends Error {
  readonly code = 'NETLINK_ENCODE';
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`encode ${field}: ${problem}`);
    this.name = 'EncodeError';
    this.field = field;
  }
}
