import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../../conf/api/types.ts';
import type { Node } from '../../test-harness/index.ts';

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

/**
 * Resolves when no device of a deleted pod is left, which takes the kernel some milliseconds after a DEL's answer; and the daemon more, where a record had
 * to answer for it on a busy machine.
 */
export async function buried(node: Node): Promise<void> {
  const deadline = performance.now() + 5000;
  while ((await endpointsOf(node)).some(({ state }) => state === 'disconnected' || state === 'disconnecting')) {
    if (performance.now() > deadline) throw new Error('bury what was deleted: it is still there after five seconds');
    await sleep(10);
  }
}
