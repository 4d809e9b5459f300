import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from '../../test-harness/index.ts';
import type { TestNode } from '../fixtures/test-node.ts';

/** Pause between two questions to a daemon that starts, in milliseconds: the error of a measured start. */
const POLL_MS = 3;
const PATIENCE_MS = 30_000;

/** The daemon's socket as this process sees it. */
const socketOf = (node: Node): string => `/proc/${node.pid}/root/run/axoneme/axoneme.sock`;

async function isHealthy(socketPath: string): Promise<boolean> {
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const asked = request({ socketPath, path: '/v1/healthz', timeout: 1000 }, (response) => void text(response).then(resolve, reject));
      asked
        .on('error', reject)
        .on('timeout', () => asked.destroy(new Error('no answer')))
        .end();
    });
    return JSON.parse(answer).state === 'ok';
  } catch {
    return false;
  }
}

/** Pause between two questions to a daemon that works, in milliseconds. */
const PROBE_PAUSE_MS = 5;

/** Asks the daemon for its health over and over while `work` runs: how many milliseconds each answer took. Throws when one does not come. */
export async function timeHealthDuring<T>(node: Node, work: Promise<T>): Promise<{ result: T; milliseconds: number[] }> {
  const path = socketOf(node);
  const milliseconds: number[] = [];
  let isOver = false;
  const probing = (async () => {
    while (!isOver) {
      milliseconds.push(await timeHealth(path));
      await sleep(PROBE_PAUSE_MS);
    }
  })();
  const ending = work.finally(() => {
    isOver = true;
  });
  const [result] = await Promise.all([ending, probing]);
  return { result, milliseconds };
}

/** The same of a daemon that has nothing else to do, for some milliseconds. */
export async function timeHealthIdle(node: Node, duration: number): Promise<number[]> {
  return (await timeHealthDuring(node, sleep(duration))).milliseconds;
}

async function timeHealth(socketPath: string): Promise<number> {
  const began = performance.now();
  if (!(await isHealthy(socketPath))) throw new Error('ask the daemon for its health: it does not answer, or is not well');
  return performance.now() - began;
}

/**
 * Starts the daemon and answers how many milliseconds it took from its spawn, the way into the node's namespaces included (1 to 2 ms), until it
 * said that an ADD would be served.
 */
export async function timeStart(axoneme: TestNode): Promise<number> {
  const path = socketOf(axoneme.node);
  const began = performance.now();
  axoneme.respawn();
  while (!(await isHealthy(path))) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`start the daemon: not healthy after ${PATIENCE_MS} ms`);
    await sleep(POLL_MS);
  }
  return performance.now() - began;
}
