import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { paths as pathsUnder } from '../../conf/paths.ts';
import { createMemoryFile, type Fd, UnixConnection } from '../../native/index.ts';
import { removeAll } from '../files.ts';
import { silent } from '../log.ts';
import type { CallDaemon } from './agent.ts';
import { encodeRequest, type Part } from './protocol.ts';
import { CallServer } from './server.ts';
import { StatusCache } from './status-cache.ts';

/* A launcher and a daemon around the call server, for its tests. */

/** A daemon that is well and has no endpoints; what is asked of it is written down. */
export class FakeDaemon {
  readonly asked: string[] = [];
  serving = true;
  state: 'ok' | 'starting' = 'ok';

  health() {
    this.asked.push('health');
    return { state: this.state, problems: [], version: '1' };
  }

  readonly endpoints = {
    disconnect: async () => {
      this.asked.push('disconnect');
      await sleep(20);
      return undefined;
    },
    list: () => {
      this.asked.push('list');
      throw new Error('a fault of the daemon');
    },
  };
}

/** How a call ended for its launcher: with an answer, declined, or with the connection's end. */
export type Ending = { readonly status: number; readonly stdout: string; readonly stderr: string } | 'declined' | 'closed';

/** A call server in a folder of its own. */
export function createStage() {
  const root = mkdtempSync(join(tmpdir(), 'cni-'));
  const paths = { ...pathsUnder(root), cniSocket: join(root, 'cni.sock'), statusCache: join(root, 'status-ok') };
  const statuses = new StatusCache(paths.statusCache);
  const daemon = new FakeDaemon();
  const server = CallServer.listen(paths.cniSocket, { daemon: daemon as unknown as CallDaemon, paths, log: silent, statuses });
  const connect = () => UnixConnection.connect(paths.cniSocket);
  const close = async () => {
    await server.close();
    removeAll(root);
  };
  return { root, paths, daemon, server, statuses, connect, [Symbol.asyncDispose]: close };
}

/** Sends a call as the launcher does. */
export function sendCall(
  connection: UnixConnection,
  env: Readonly<Record<string, string>>,
  conf: object | string,
  pod: readonly [Part, Fd][] = [],
): void {
  using stdin = createMemoryFile(Buffer.from(typeof conf === 'string' ? conf : JSON.stringify(conf)));
  connection.send(
    encodeRequest(
      env,
      pod.map(([part]) => part),
    ),
    [stdin, ...pod.map(([, fd]) => fd)],
  );
}

/** Reads to the end of the connection. */
export async function readEnding(connection: UnixConnection): Promise<Ending> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const received = connection.receive(1 << 20);
    if (received === undefined) await sleep(1);
    else if (received.data.length === 0) break;
    else chunks.push(received.data);
  }
  const all = Buffer.concat(chunks);
  if (all.length === 0) return 'closed';
  if (all.toString('latin1', 0, 1) === 'D') return 'declined';
  const number = (index: number) =>
    new Uint32Array(all.buffer.slice(all.byteOffset + 1 + index * 4, all.byteOffset + 5 + index * 4))[0] ?? 0;
  const end = 13 + number(1);
  return { status: number(0), stdout: all.toString('utf8', 13, end), stderr: all.toString('utf8', end, end + number(2)) };
}
