import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, type Node, type Pod } from '../../test-harness/index.ts';
import { executables } from '../support/axoneme.ts';
import type { Job, Outcome } from './driver.ts';
import type { Row } from './row.ts';

const referencePlugins = '/usr/lib/cni';

/** A network whose plugin is started directly, so that only the plugin is timed. */
interface Contender {
  readonly plugin: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const axoneme: Contender = { plugin: executables.plugin, config: { cniVersion: '1.0.0', name: 'axoneme', type: 'axoneme-cni' } };

/** IPv4 only: with IPv6, ptp waits for duplicate address detection, more than a second, which would flatter us. */
const ptp: Contender = {
  plugin: join(referencePlugins, 'ptp'),
  config: {
    cniVersion: '1.0.0',
    name: 'ptp',
    type: 'ptp',
    ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/16' }]], routes: [{ dst: '0.0.0.0/0' }] },
  },
};

function job(contender: Contender, verb: 'ADD' | 'DEL', pod: Pod, prevResult?: unknown): Job {
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: pod.containerId,
    CNI_NETNS: pod.netnsPath,
    CNI_IFNAME: 'eth0',
    CNI_PATH: referencePlugins,
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  };
  const config = prevResult === undefined ? contender.config : { ...contender.config, prevResult };
  return { argv: [contender.plugin], env, input: JSON.stringify(config) };
}

async function drive(node: Node, jobs: readonly Job[]): Promise<Outcome[]> {
  const driver = [process.execPath, join(import.meta.dirname, 'driver.ts')];
  const outcomes: Outcome[] = JSON.parse(await node.run(driver, { input: JSON.stringify(jobs), timeout: 300_000 }));
  const bad = outcomes.find(({ code }) => code !== 0);
  if (bad) throw new Error(`time a plugin: it failed: ${bad.stdout}`);
  return outcomes;
}

const every = <T>(values: readonly T[], step: number, offset: number) => values.filter((_, index) => index % step === offset);
const times = (outcomes: readonly Outcome[]) => outcomes.map(({ milliseconds }) => milliseconds);

/** Cold ADD and DEL of dual-stack pods against single-stack ptp + host-local, one after the other in turns. */
export async function compareVerbs(node: Node, rounds: number): Promise<Row[]> {
  const pods: Pod[] = [];
  for (let i = 0; i < 2 * rounds; i += 1) pods.push(await node.addPod(`bench-${i}`));
  const contenders = [axoneme, ptp] as const;
  const contenderOf = (index: number) => contenders[index % 2] ?? axoneme;
  const added = await drive(
    node,
    pods.map((pod, index) => job(contenderOf(index), 'ADD', pod)),
  );
  const results = added.map(({ stdout }) => JSON.parse(stdout));
  const deleted = await drive(
    node,
    pods.map((pod, index) => job(contenderOf(index), 'DEL', pod, results[index])),
  );
  for (const pod of pods) await node.removePod(pod);
  const row = (what: string, outcomes: readonly Outcome[]): Row => {
    const comparison = load.comparisonOf(times(every(outcomes, 2, 0)), times(every(outcomes, 2, 1)));
    return { what, unit: 'ms', peer: 'ptp + host-local', comparison };
  };
  return [row('ADD, cold', added), row('DEL, cold', deleted)];
}

/** Resident memory of a process in MB (10^6 bytes). */
export function residentMegabytes(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!match) throw new Error(`read memory of process ${pid}: no VmRSS`);
  return (Number(match[1]) * 1024) / 1e6;
}
