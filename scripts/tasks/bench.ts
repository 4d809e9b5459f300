import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { compareDatapath } from '../../test/bench/datapath.ts';
import { table } from '../../test/bench/row.ts';
import { compareVerbs, residentMegabytes } from '../../test/bench/verbs.ts';
import { AxonemeNode } from '../../test/support/axoneme.ts';
import { Lab } from '../../test-harness/index.ts';
import { build } from '../build/index.ts';
import { project } from '../build/step.ts';

const rounds = { verbs: 40, datapath: 5 };

/** Adds pods one by one up to `count` and says what the daemon then holds in memory. */
async function memoryWith(axoneme: AxonemeNode, count: number): Promise<number> {
  for (let i = 0; i < count; i += 1) await axoneme.add(`memory-${i}`);
  const pid = axoneme.daemon.pid;
  if (pid === undefined) throw new Error('read the memory of the daemon: it is not running');
  return residentMegabytes(pid);
}

async function main(): Promise<void> {
  await build();
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  await using lab = await Lab.create();
  await using axoneme = await AxonemeNode.start(await lab.addNode('node1', { realRcuExpedited: true }));
  say(`ADD and DEL, ${rounds.verbs} rounds in turns with ptp + host-local …`);
  const verbs = await compareVerbs(axoneme.node, rounds.verbs);
  say(`same-node datapath, ${rounds.datapath} rounds in turns with a kernel-routed veth pair …`);
  const datapath = await compareDatapath(lab, axoneme, rounds.datapath, (what, done) =>
    say(`  ${what}: round ${done} of ${rounds.datapath}`),
  );
  say('memory of the daemon with 100 pods …');
  const megabytes = await memoryWith(axoneme, 98);
  const rows = [...verbs, ...datapath];
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, kernel ${release()}, Node ${process.version}`;
  say(`\n${machine}\n\n${table(rows)}\n\ndaemon resident with 100 pods: ${megabytes.toFixed(0)} MB`);
  const file = join(project, '.cache', 'bench.json');
  mkdirSync(join(project, '.cache'), { recursive: true });
  writeFileSync(file, JSON.stringify({ machine, date: new Date().toISOString(), rows, daemonResidentMegabytes: megabytes }, null, 2));
  say(`all values: ${file}`);
}

await main();
