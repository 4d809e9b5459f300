import type { StepName } from '../../conf/step.ts';
import type { Nested } from './requests.ts';
import type { Moment } from './ward.ts';

/** A moment, and the one directly before it, between which nothing happens. */
interface Passed extends Moment {
  readonly nth: number;
  readonly previous?: Moment;
}

/** What a process publishes while it does these steps, in order. */
function* published(steps: readonly Nested[], count: (step: StepName) => number): Generator<Passed> {
  for (const nested of steps) {
    const [step, ...within] = typeof nested === 'string' ? [nested] : nested;
    const nth = count(step);
    yield { step, phase: 'before', nth };
    yield* published(within, count);
    yield { step, phase: 'after', nth };
  }
}

/** Whether a step begins and ends here with nothing published in between: it does its own work, and the state changes. */
const isWork = (left: Moment, right: Moment): boolean => left.phase === 'before' && right.phase === 'after';

/** The moments of requests, those of each state together. */
export function statesOf(requests: readonly (readonly Nested[])[]): Passed[][] {
  const seen = new Map<StepName, number>();
  const count = (step: StepName) => {
    const nth = (seen.get(step) ?? 0) + 1;
    seen.set(step, nth);
    return nth;
  };
  return requests.flatMap((steps) => {
    const states: Passed[][] = [];
    let previous: Moment | undefined;
    for (const moment of published(steps, count)) {
      if (previous === undefined || isWork(previous, moment)) states.push([moment]);
      else states.at(-1)?.push({ ...moment, previous });
      previous = moment;
    }
    return states;
  });
}
