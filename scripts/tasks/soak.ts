import { parseArgs } from 'node:util';
import { describeSoak, soak } from '../../test/fixtures/crash/soak.ts';
import { build } from '../build/index.ts';

const options = {
  minutes: { type: 'string', default: '20' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  pods: { type: 'string', default: '200' },
} as const;

/** `npm run soak [-- --minutes 2 --seed 7 --pods 200]`: exit status 1 when anything leaked, failed or grew. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  await build();
  process.stdout.write(`soak of ${values.minutes} minutes, seed ${values.seed}\n`);
  const tell = (line: string) => void process.stdout.write(`  ${line}\n`);
  const report = await soak({ seconds: Number(values.minutes) * 60, seed: Number(values.seed), pods: Number(values.pods), tell });
  tell(describeSoak(report));
}

await main();
