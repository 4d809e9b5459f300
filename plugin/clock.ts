/** Milliseconds of a clock that only goes forward. Not `performance.now()`: the first use of that name makes Node load ten modules, 1 ms of every cold call. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
