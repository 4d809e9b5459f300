/** A time of a clock that only goes forward (CLOCK_MONOTONIC), and the boot of the machine to which it belongs. */
export interface BootTime {
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string;
  /** Microseconds. */
  readonly us: number;
}

export interface Moment {
  /** ISO 8601, of the wall clock, which people and time servers may set back. */
  readonly wall: string;
  /** Absent in what older versions wrote. */
  readonly boot?: BootTime | undefined;
}

/**
 * Whether `a` came after `b`. Within one boot the clock that only goes forward decides; what belongs to the present boot is later than what belongs to
 * another one. Only without that are the wall clocks compared.
 */
export function isAfter(a: Moment, b: Moment, presentBootId: string): boolean {
  if (a.boot !== undefined && b.boot !== undefined) {
    if (a.boot.bootId === b.boot.bootId) return a.boot.us > b.boot.us;
    if (a.boot.bootId === presentBootId) return true;
    if (b.boot.bootId === presentBootId) return false;
  }
  return Date.parse(a.wall) > Date.parse(b.wall);
}

/** When an endpoint was made. */
export function createdMoment({ createdAt, createdOn }: { readonly createdAt: string; readonly createdOn?: BootTime }): Moment {
  return { wall: createdAt, boot: createdOn };
}
