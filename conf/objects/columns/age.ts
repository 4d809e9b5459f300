const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

interface Range {
  /** Seconds below which the range holds. */
  readonly below: number;
  readonly unit: number;
  readonly letter: string;
  /** A second, smaller unit, left out when it is zero. */
  readonly minor?: { readonly unit: number; readonly letter: string };
}

/** How exact an age is said, as `kubectl get` does it. */
const ranges: readonly Range[] = [
  { below: 2 * MINUTE, unit: SECOND, letter: 's' },
  { below: 10 * MINUTE, unit: MINUTE, letter: 'm', minor: { unit: SECOND, letter: 's' } },
  { below: 3 * HOUR, unit: MINUTE, letter: 'm' },
  { below: 8 * HOUR, unit: HOUR, letter: 'h', minor: { unit: MINUTE, letter: 'm' } },
  { below: 2 * DAY, unit: HOUR, letter: 'h' },
  { below: 8 * DAY, unit: DAY, letter: 'd', minor: { unit: HOUR, letter: 'h' } },
  { below: 2 * YEAR, unit: DAY, letter: 'd' },
  { below: 8 * YEAR, unit: YEAR, letter: 'y', minor: { unit: DAY, letter: 'd' } },
  { below: Number.POSITIVE_INFINITY, unit: YEAR, letter: 'y' },
];

/** The time since `since`, `5m3s` or `12d`; `<unknown>` when there is no such time, `<invalid>` when it lies in the future. */
export function ageOf(since: string | undefined, now: Date): string {
  const start = since === undefined ? Number.NaN : Date.parse(since);
  if (Number.isNaN(start)) return '<unknown>';
  const seconds = Math.floor((now.getTime() - start) / 1000);
  if (seconds < -1) return '<invalid>';
  return formatAge(Math.max(0, seconds));
}

function formatAge(seconds: number): string {
  const range = ranges.find(({ below }) => seconds < below);
  if (!range) return '<invalid>';
  const major = `${Math.floor(seconds / range.unit)}${range.letter}`;
  const rest = range.minor ? Math.floor((seconds % range.unit) / range.minor.unit) : 0;
  return rest === 0 || !range.minor ? major : `${major}${rest}${range.minor.letter}`;
}
