import { afterAll, beforeAll, describe, it } from 'vitest';
import { ConformanceBench } from './bench.ts';
import { formatCall } from './call.ts';
import { type ConformanceItem, titleOf } from './item.ts';
import { conformanceItems } from './items/index.ts';
import { type ConformanceOptions, subjectOf } from './subject.ts';
import type { Outcome } from './verdict.ts';

/** What {@link describeConformance} takes besides. */
export interface ConformanceSuiteOptions extends ConformanceOptions {
  /** ids of the only items to run (default: all) */
  readonly only?: readonly string[];
  /**
   * Items by id that the plugin is known to fail, with the reason: their tests pass as long as it does, and fail when it no longer does, so that the list
   * stays true.
   */
  readonly knownDeviations?: Readonly<Record<string, string>>;
}

/**
 * Registers a vitest suite that holds a CNI plugin against the specification: a test per item, named by section and statement. Items that do not
 * apply to the plugin are skipped with the reason. Needs root and vitest.
 *
 * ```ts
 * describeConformance({ plugin: '/usr/lib/cni/ptp', config: { type: 'ptp', ipam: { type: 'host-local', subnet: '10.1.0.0/16' } } });
 * ```
 * Throws BAD_NETWORK at once for a configuration without the plugin, and a RangeError for an id that is no item's.
 */
export function describeConformance(options: ConformanceSuiteOptions): void {
  const { only, knownDeviations = {}, timeout = 30_000 } = options;
  mustBeItems([...(only ?? []), ...Object.keys(knownDeviations)]);
  const items = conformanceItems.filter(({ id }) => only === undefined || only.includes(id));
  describe(`conformance of ${subjectOf(options).type}`, () => {
    let bench: ConformanceBench;
    beforeAll(async () => {
      bench = await ConformanceBench.create(options);
    }, 2 * timeout);
    afterAll(() => bench?.[Symbol.asyncDispose]());
    for (const item of items) {
      it(titleOf(item), { timeout: 4 * timeout }, async ({ skip }) => {
        const outcome = await bench.run(item);
        const known = knownDeviations[item.id];
        if (known !== undefined) mustStillFail(item, outcome, known);
        else if (outcome.verdict === 'not-applicable') skip(outcome.reason);
        else if (outcome.verdict === 'fail') throw new Error(explain(item, outcome));
      });
    }
  });
}

function mustBeItems(ids: readonly string[]): void {
  const unknown = ids.filter((id) => !conformanceItems.some((item) => item.id === id));
  if (unknown.length > 0) throw new RangeError(`find conformance items: there is no ${unknown.join(', ')}`);
}

function mustStillFail(item: ConformanceItem, outcome: Outcome, known: string): void {
  if (outcome.verdict === 'fail') return;
  const now = outcome.verdict === 'pass' ? 'the plugin passes it' : `it does not apply: ${outcome.reason}`;
  throw new Error(`${item.id} is listed as a known deviation (${known}), and ${now}`);
}

/** The reason and every execution of the plugin that led to it, each as a command that repeats it. */
function explain(item: ConformanceItem, outcome: Outcome & { verdict: 'fail' }): string {
  return [`${item.id} (${item.level}): ${outcome.reason}`, ...outcome.evidence.map(formatCall)].join('\n\n');
}
