import { setTimeout as sleep } from 'node:timers/promises';
import { describeSoak, soak } from '../../test/fixtures/crash/soak.ts';
import { type Budget, estimateOf } from './budget.ts';
import { type Counts, firstLine, none } from './counts.ts';

const SECONDS = 120;
const PODS = 200;

const skipped = (skipReason: string): Counts => ({ ...none, skipped: estimateOf('soak').tests, skipReason });

/** The short variant of `npm run soak`, as one test, when it fits into the budget; its laboratory ends with this process. */
export async function runSoak(budget: Budget): Promise<Counts> {
  const seed = Date.now() % 1_000_000;
  const tell = (line: string) => void process.stdout.write(`  ${line}\n`);
  process.stdout.write(`\nsoak of ${SECONDS} s, seed ${seed}\n`);
  const skipReason = budget.reasonToSkip('soak', false);
  if (skipReason !== undefined) {
    tell(`skipped: soak: ${skipReason}`);
    return skipped(skipReason);
  }
  const run = measured(budget, seed, tell);
  return budget.isLimited ? Promise.race([run, sleep(budget.untilKill * 1000, skipped('the budget ended while it ran'))]) : run;
}

async function measured(budget: Budget, seed: number, tell: (line: string) => void): Promise<Counts> {
  const began = performance.now();
  try {
    tell(describeSoak(await soak({ seconds: SECONDS, seed, pods: PODS, tell })));
    const counts = { ...none, passed: 1 };
    budget.measured('soak', counts, (performance.now() - began) / 1000);
    return counts;
  } catch (error) {
    const { message, stack } = error as Error;
    tell(stack ?? message);
    return { ...none, failed: 1, failures: [`seed ${seed}: ${firstLine(message)}`] };
  }
}
