import { readFileSync, writeFileSync } from 'node:fs';
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat, monotonicMs } from '../../conf/heartbeat.ts';
import type { Node } from '../../test-harness/index.ts';

/** The file that a node's daemon locks, and writes its heartbeat into. */
export const heartbeatFile = (node: Node): Promise<string> => node.path('/run/axoneme/daemon.lock');

/** The last heartbeat of a node's daemon. Throws when there is none. */
export async function readHeartbeat(node: Node): Promise<Heartbeat> {
  const path = await heartbeatFile(node);
  const heartbeat = decodeHeartbeat(readFileSync(path, 'utf8'));
  if (heartbeat === undefined) throw new Error(`read ${path}: no heartbeat`);
  return heartbeat;
}

/** Makes the last heartbeat of a stopped daemon `ageMs` milliseconds old: time is what a test cannot wait for. */
export async function ageHeartbeat(node: Node, ageMs: number): Promise<void> {
  const heartbeat = await readHeartbeat(node);
  writeFileSync(await heartbeatFile(node), encodeHeartbeat({ ...heartbeat, atMs: monotonicMs() - ageMs }));
}
