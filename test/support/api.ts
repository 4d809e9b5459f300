import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../../conf/api/types.ts';
import type { Node, Pod } from '../../test-harness/index.ts';

/** Milliseconds, for what hangs. */
const TIMEOUT = 120_000;

/** What a daemon answers, as text. */
export async function get(socketPath: string, path: string): Promise<string> {
  const asked = request({ socketPath, path });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return text(answer);
}

/** Endpoints of a node's daemon. */
export async function endpointsOf(node: Node): Promise<Endpoint[]> {
  return JSON.parse(await get(await node.path('/run/axoneme/axoneme.sock'), '/v1/endpoints'));
}

/** A whole DEL, without a plugin that would begin to do it itself when a busy daemon takes too long. */
export async function disconnect(node: Node, { containerId }: Pod): Promise<void> {
  const socketPath = await node.path('/run/axoneme/axoneme.sock');
  const headers = { 'content-type': 'application/json' };
  const asked = request({ socketPath, method: 'POST', path: '/v1/endpoints/disconnect', headers });
  asked.end(JSON.stringify({ containerId, ifname: 'eth0' }));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const said = await text(answer);
  if (answer.statusCode !== 200) throw new Error(`disconnect ${containerId}: ${said}`);
}

/**
 * Resolves when nothing of a deleted pod is left: the kernel takes some milliseconds after a DEL's answer, and a daemon that was too busy to answer in time
 * does its part after that, by the record of the DEL.
 */
export async function buried(node: Node): Promise<void> {
  const isLeaving = ({ state }: Endpoint) => state === 'disconnecting' || state === 'disconnected';
  const isQueued = async () => (await node.listFolder('/run/axoneme/delete-queue')).some((name) => name.endsWith('.json'));
  const deadline = performance.now() + TIMEOUT;
  while ((await isQueued()) || (await endpointsOf(node)).some(isLeaving)) {
    if (performance.now() > deadline) throw new Error('bury what was deleted: it is still there after two minutes');
    await sleep(10);
  }
}
