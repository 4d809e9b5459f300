import { HarnessError } from '../errors.ts';
import { Node } from '../lab/node.ts';
import type { Pod } from '../lab/pod.ts';
import { type Attachment, attachmentOf } from '../runtime/attachment.ts';
import type { Network } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type Summary, summarize } from './statistics.ts';

export interface AttachOptions {
  /** how many pods are attached */
  readonly pods: number;
  /** how many calls run at once (default: all) */
  readonly concurrency?: number;
  /** what besides the pod is told to the plugins: interface name, arguments, capabilities */
  readonly attachment?: (pod: Pod, index: number) => Parameters<typeof attachmentOf>[1];
  /** leave the pods attached and give them back in the report, instead of DEL (default false) */
  readonly keep?: boolean;
}

export interface AttachFailure {
  readonly verb: 'ADD' | 'DEL';
  /** the pod's name */
  readonly pod: string;
  readonly error: Error;
}

/** All calls of one verb that succeeded. */
export interface VerbReport {
  /** milliseconds of each call by the runtime, in the order of the pods; starting the plugin on the node (1 to 2 ms) is part of it */
  readonly durations: readonly number[];
  /** undefined when none succeeded */
  readonly percentiles: Summary | undefined;
  /** successful calls per second of the time that all of them took together */
  readonly perSecond: number;
}

export interface AttachReport extends VerbReport {
  /** the DELs; not there with `keep` */
  readonly deletion?: VerbReport;
  readonly failures: readonly AttachFailure[];
  /** the pods that are attached now; empty without `keep` */
  readonly pods: readonly Pod[];
}

/**
 * ADDs many pods to a network, several at a time, then DELs them: how long each call took and which failed. The pods' namespaces are made before the
 * first ADD, and taken away at the end. A failure is part of the report, not an error; a pod whose ADD failed is DELed as well, as a runtime does.
 */
export async function attach(runtime: Runtime, network: Network, options: AttachOptions): Promise<AttachReport> {
  const { pods: count, concurrency = count, keep = false } = options;
  if (!(Number.isInteger(count) && count > 0 && Number.isInteger(concurrency) && concurrency > 0))
    throw new HarnessError('BAD_LOAD', `attach ${count} pods, ${concurrency} at once: not whole numbers above 0`);
  const node = nodeOf(runtime);
  const pods = await sandboxes(node, count);
  const attachments = pods.map((pod, i) => attachmentOf(pod, options.attachment?.(pod, i) ?? {}));
  const added = await callAll('ADD', pods, attachments, concurrency, (attachment) => runtime.add(network, attachment));
  if (keep) return { ...reportOf(added), failures: failuresOf(added), pods: pods.filter((_, i) => added.calls[i]?.error === undefined) };
  const deleted = await callAll('DEL', pods, attachments, concurrency, (attachment) => runtime.del(network, attachment));
  for (const pod of pods) await node.removePod(pod);
  return { ...reportOf(added), deletion: reportOf(deleted), failures: [...failuresOf(added), ...failuresOf(deleted)], pods: [] };
}

function nodeOf(runtime: Runtime): Node {
  if (runtime.host instanceof Node) return runtime.host;
  throw new HarnessError('BAD_LOAD', 'attach pods: the runtime is not on a node of a lab');
}

let batches = 0;

/** Made a few at a time: each costs a process on the node. */
async function sandboxes(node: Node, count: number): Promise<Pod[]> {
  batches += 1;
  const batch = batches;
  const pods: Pod[] = [];
  await inParallel(count, 4, async (i) => {
    pods[i] = await node.addPod(`load-${batch}-${i}`);
  });
  return pods;
}

interface Call {
  readonly verb: 'ADD' | 'DEL';
  readonly pod: string;
  readonly duration: number;
  readonly error?: Error;
}

interface Calls {
  readonly calls: readonly Call[];
  /** milliseconds of all together */
  readonly elapsed: number;
}

async function callAll(
  verb: Call['verb'],
  pods: readonly Pod[],
  attachments: readonly Attachment[],
  concurrency: number,
  action: (attachment: Attachment) => Promise<unknown>,
): Promise<Calls> {
  const calls: Call[] = [];
  const began = performance.now();
  await inParallel(pods.length, concurrency, async (i) => {
    const [pod, attachment] = [pods[i], attachments[i]];
    if (pod === undefined || attachment === undefined) return;
    const started = performance.now();
    const error = await action(attachment).then(
      () => undefined,
      (reason: unknown) => (reason instanceof Error ? reason : new Error(String(reason))),
    );
    calls[i] = { verb, pod: pod.name, duration: performance.now() - started, ...(error === undefined ? {} : { error }) };
  });
  return { calls, elapsed: performance.now() - began };
}

/** Runs `count` tasks by number, `width` at a time; the first that rejects ends it. */
async function inParallel(count: number, width: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < count; i = next++) await task(i);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
}

function reportOf({ calls, elapsed }: Calls): VerbReport {
  const durations = calls.filter(({ error }) => error === undefined).map(({ duration }) => duration);
  const percentiles = durations.length === 0 ? undefined : summarize(durations);
  return { durations, percentiles, perSecond: (durations.length / elapsed) * 1000 };
}

function failuresOf({ calls }: Calls): AttachFailure[] {
  return calls.flatMap(({ verb, pod, error }) => (error === undefined ? [] : [{ verb, pod, error }]));
}
