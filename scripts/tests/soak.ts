import { describeSoak, soak } from '../../test/chaos/soak.ts';
import { type Counts, firstLine, none } from './counts.ts';

const SECONDS = 120;
const PODS = 200;

/** The short form of `npm run soak`, as one test. */
export async function runSoak(): Promise<Counts> {
  const seed = Date.now() % 1_000_000;
  const tell = (line: string) => void process.stdout.write(`  ${line}\n`);
  process.stdout.write(`\nsoak of ${SECONDS} s, seed ${seed}\n`);
  try {
    tell(describeSoak(await soak({ seconds: SECONDS, seed, pods: PODS, tell })));
    return { ...none, passed: 1 };
  } catch (error) {
    const { message, stack } = error as Error;
    tell(stack ?? message);
    return { ...none, failed: 1, failures: [`seed ${seed}: ${firstLine(message)}`] };
  }
}
