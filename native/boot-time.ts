import { readFileSync } from 'node:fs';

let known: string | undefined;

/** The machine's present boot, a UUID; the same in every namespace. */
export function bootId(): string {
  known ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return known;
}

/** The present by CLOCK_MONOTONIC, which all processes of a machine share and which cannot be set. */
export function bootTime(): { readonly bootId: string; readonly us: number } {
  return { bootId: bootId(), us: Number(process.hrtime.bigint() / 1000n) };
}
