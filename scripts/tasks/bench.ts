import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, machineFacts } from '../../test/bench/machine.ts';
import { reportOf, writeAll, writeDocs } from '../../test/bench/report.ts';
import { table } from '../../test/bench/row.ts';
import { measureAll } from '../../test/bench/run.ts';
import { full, quick } from '../../test/bench/section.ts';
import { build } from '../build/index.ts';
import { project } from '../build/step.ts';

const options = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string' },
  json: { type: 'string', default: join(project, '.cache', 'bench.json') },
  write: { type: 'boolean', default: false },
} as const;

/**
 * `npm run bench [-- --quick] [--only ROW] [--json FILE] [--write]`: measures and prints the table; `--quick` says whether everything works, not how
 * fast it is, `--only` takes an id or its beginning, `--write` puts table, numbers and picture into docs/, unless a section failed: then the exit status is 1.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.write && (values.quick || values.only !== undefined)) throw new Error('write the docs: only from a whole run');
  await build();
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  const [machine, began] = [machineFacts(), performance.now()];
  say(describeMachine(machine));
  const { rows, failures } = await measureAll(values.quick ? quick : full, values.only, say);
  const report = reportOf(rows, machine, new Date(), (performance.now() - began) / 1000);
  say(`\n${table(report.readings)}\n`);
  writeAll(values.json, report, rows);
  say(`all values: ${values.json}`);
  for (const failure of failures) say(`failed: ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
  else if (values.write) writeDocs(join(project, 'docs'), report);
}

await main();
