import { mkdirSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { hasErrno, StartError } from './failure.ts';
import { fileIdentity, removeAll } from './files.ts';

/**
 * Makes sure that this is the only daemon of its root, and removes the socket file that a killed one left. The lock is an abstract Unix
 * socket (unix(7)) named by the folder's identity: the kernel frees it with the process, however that ends. Abstract names belong to a
 * network namespace, so a daemon of the same root in another one shows by its answering socket. With `isPassed` the socket is a service
 * manager's: it answers always, and stays. Throws StartError.
 */
export async function requireSingle(socketPath: string, isPassed = false): Promise<{ release(): void }> {
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  const lock = await bindLock(`\0axoneme-daemon-${fileIdentity(dirname(socketPath))}`);
  if (lock === undefined || (!isPassed && (await isListening(socketPath)))) {
    lock?.close();
    throw new StartError(`start the daemon: another one serves ${socketPath}; stop it first, or choose another root with --root`);
  }
  if (!isPassed) removeAll(socketPath);
  return { release: () => lock.close() };
}

async function bindLock(name: string): Promise<Server | undefined> {
  return await new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (hasErrno(error, 'EADDRINUSE') ? resolve(undefined) : reject(error)));
    server.listen(name, () => resolve(server.unref()));
  });
}

/** True when somebody accepts connections on the socket. */
async function isListening(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
