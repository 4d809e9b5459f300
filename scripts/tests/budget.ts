import type { Counts } from './counts.ts';
import recorded from './recorded.json' with { type: 'json' };

/** What a part of the tests is known to hold and take: recorded by `npm test -- --record`. */
export interface Estimate {
  readonly tests: number;
  /** wall clock, on the machine of the record */
  readonly seconds: number;
}

/** A part that ended, beside what the record says of it. */
export interface Measured {
  readonly recorded: number;
  readonly took: number;
}

/** When, as a share of the budget, no further test begins, and when what still runs is killed. */
const STOP = 0.95;
const KILL = 0.985;

/** A part whose tests can be counted one by one is begun when this share of it fits: what ended counts. */
const WORTH_BEGINNING = 0.2;

/** How many times longer than the machine of the record this one takes, by what has run so far; 1 before anything has. */
export function slownessOf(done: readonly Measured[]): number {
  const total = (of: (one: Measured) => number) => done.reduce((sum, one) => sum + of(one), 0);
  const [took, wanted] = [total(({ took: seconds }) => seconds), total(({ recorded: seconds }) => seconds)];
  return wanted > 0 && took > 0 ? took / wanted : 1;
}

export interface Question {
  readonly estimate: Estimate;
  readonly slowness: number;
  /** seconds until no further test begins; Infinity without a budget */
  readonly left: number;
  /** the part can be stopped between two of its tests */
  readonly isDivisible: boolean;
}

/** Why a part is not begun, in words that say how long it would have taken; undefined when it is. */
export function reasonToSkip({ estimate, slowness, left, isDivisible }: Question): string | undefined {
  const expected = estimate.seconds * slowness;
  const needed = isDivisible ? expected * WORTH_BEGINNING : expected;
  if (left > 0 && needed <= left) return undefined;
  const factor = slowness.toFixed(1);
  return `needs some ${minutes(expected)} (recorded ${minutes(estimate.seconds)}, this machine takes ${factor} times as long), the budget has ${minutes(Math.max(0, left))} left`;
}

/** `90 s`, `12 min` */
const minutes = (seconds: number): string => (seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

/** The time that a run of tests may take, and what is left of it. */
export class Budget {
  readonly #began: number;
  readonly #seconds: number;
  readonly #done: Measured[] = [];
  readonly #record: Record<string, Estimate> = {};

  /** `began` in milliseconds since 1970: the start of what the budget is for, before this process. */
  constructor(budgetMinutes: number | undefined, began: number) {
    this.#began = began;
    this.#seconds = (budgetMinutes ?? Number.POSITIVE_INFINITY) * 60;
  }

  /** Seconds until no further test begins. */
  get untilStop(): number {
    return this.#seconds * STOP - this.#elapsed();
  }

  /** Seconds until what still runs is killed. */
  get untilKill(): number {
    return Math.max(0, this.#seconds * KILL - this.#elapsed());
  }

  get isLimited(): boolean {
    return Number.isFinite(this.#seconds);
  }

  #elapsed(): number {
    return (Date.now() - this.#began) / 1000;
  }

  reasonToSkip(name: string, isDivisible: boolean): string | undefined {
    if (!this.isLimited) return undefined;
    return reasonToSkip({ estimate: estimateOf(name), slowness: slownessOf(this.#done), left: this.untilStop, isDivisible });
  }

  /** A part ran from its beginning to its end in so many seconds: the next are judged by it. */
  measured(name: string, counts: Counts, took: number): void {
    this.#done.push({ recorded: estimateOf(name).seconds, took });
    this.#record[name] = { tests: sumOf(counts), seconds: Math.round(took) };
  }

  /** What was measured, in the form of the record. */
  get record(): Readonly<Record<string, Estimate>> {
    return this.#record;
  }
}

const sumOf = ({ passed, failed, skipped }: Counts): number => passed + failed + skipped;

/** What is recorded of a part; a part without a record takes no time and is one test: it is run, and then the record should be renewed. */
export function estimateOf(name: string): Estimate {
  return (recorded as Readonly<Record<string, Estimate>>)[name] ?? { tests: 1, seconds: 0 };
}
