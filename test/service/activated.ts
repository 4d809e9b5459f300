import { CniError, type Node, type Service } from '../../test-harness/index.ts';
import { executables } from '../support/axoneme.ts';

/** The daemon as it is installed. */
export const daemonCommand = [executables.axoneme, 'daemon'];

export const socketPath = '/run/axoneme/axoneme.sock';

/**
 * What a service manager does with `Restart=always`, in a shell that holds the listening socket as descriptor 3: the daemon starts again
 * whenever it ended, and in between connections wait in the socket's queue. `LISTEN_PID` must be the daemon's own (sd_listen_fds(3)), so
 * that each start is a shell that becomes it. Nothing starts while /run/held exists.
 */
const KEEP_RUNNING = `
while :; do
  while [ -e /run/held ]; do sleep 0.05; done
  sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"' sh "$@"
  sleep 0.2
done
`;

/**
 * Listens as systemd does, by its own systemd-socket-activate(1), and starts `command` with the first connection. Resolves when
 * connections are taken.
 */
export async function listen(node: Node, command: readonly string[]): Promise<Service> {
  await node.run(['mkdir', '-p', '-m', '0700', '/run/axoneme']);
  const service = node.spawn(['systemd-socket-activate', `--listen=${socketPath}`, ...command]);
  await service.waitUntil(() => node.exists(socketPath), 'socket');
  return service;
}

/** The socket with a daemon behind it that is started again when it ends. */
export function listenAndRestart(node: Node): Promise<Service> {
  return listen(node, ['sh', '-c', KEEP_RUNNING, 'sh', ...daemonCommand]);
}

/** Does what runtimes do with code 11, "try again later": a busy machine may take longer to start a daemon than an ADD waits. */
export async function tryAgain<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CniError) || error.code !== 11 || tries === 10) throw error;
    }
  }
}
