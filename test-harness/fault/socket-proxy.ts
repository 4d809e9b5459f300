import { once } from 'node:events';
import { existsSync, lstatSync } from 'node:fs';
import { chmod, chown, rename, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { HarnessError } from '../errors.ts';
import type { Machine } from '../lab/machine.ts';
import { Conversation } from './exchange.ts';
import type { Fault } from './fault.ts';
import { type Rule, Rulebook } from './rule.ts';

/**
 * Stands in front of a daemon's Unix socket and makes it answer late, wrongly or not at all, without touching the daemon. Until it is given a rule it
 * passes everything on. Any stream protocol; {@link httpAnswer} helps with HTTP.
 *
 * ```ts
 * await using proxy = await interpose(node, '/run/axoneme/axoneme.sock');
 * proxy.trouble({ match: /^POST \/v1\/endpoints /, delay: 500, times: 1 });
 * ```
 */
export class SocketProxy implements Fault {
  readonly what: string;
  /** connections that were accepted so far */
  accepted = 0;
  readonly #path: string;
  readonly #behind: string;
  readonly #rules = new Rulebook();
  readonly #conversations = new Set<Conversation>();
  #server: Server | undefined;
  #inode = 0n;
  #lifted = false;

  private constructor(what: string, path: string) {
    this.what = what;
    this.#path = path;
    this.#behind = `${path}.behind`;
  }

  /** Use {@link interpose}. `path` is that of the socket as the test process reaches it. */
  static async start(what: string, path: string): Promise<SocketProxy> {
    const proxy = new SocketProxy(what, path);
    await rename(path, proxy.#behind);
    await proxy.listen();
    return proxy;
  }

  /** Adds a rule behind those that are there. The first that fits an exchange decides about it. */
  trouble(rule: Rule): void {
    this.#rules.add(rule);
  }

  /** Forgets all rules; exchanges under way end by theirs. */
  clear(): void {
    this.#rules.clear();
  }

  /** Breaks all connections that are open now. */
  disconnect(): void {
    for (const conversation of this.#conversations) conversation.close();
  }

  /** From now on nobody listens: connect(2) fails with ECONNREFUSED, or with ENOENT when `missing`. Open connections go on. {@link listen} ends it. */
  async refuse(options: { readonly missing?: boolean } = {}): Promise<void> {
    await this.#stopListening(options.missing ?? false);
  }

  /** Listens again after {@link refuse}. */
  async listen(): Promise<void> {
    if (this.#server !== undefined) return;
    const { mode, uid, gid } = lstatSync(this.#behind);
    await rm(this.#path, { force: true });
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.accepted += 1;
      const conversation = new Conversation(socket, this.#behind, this.#rules, () => this.#conversations.delete(conversation));
      this.#conversations.add(conversation);
    });
    // bound beside its place and moved there: closing the server then leaves the file, which refuses connections
    const beside = `${this.#path}.new`;
    server.listen(beside);
    await once(server, 'listening');
    await chmod(beside, mode & 0o777);
    await chown(beside, uid, gid);
    await rename(beside, this.#path);
    this.#inode = lstatSync(this.#path, { bigint: true }).ino;
    this.#server = server;
  }

  /** Takes the proxy away: open connections break, and the daemon's own socket is in its place again, unless the daemon made a new one. */
  async lift(): Promise<void> {
    if (this.#lifted) return;
    this.#lifted = true;
    this.disconnect();
    await this.#stopListening(true);
    if (existsSync(this.#path)) await rm(this.#behind, { force: true });
    else if (existsSync(this.#behind)) await rename(this.#behind, this.#path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lift();
  }

  async #stopListening(missing: boolean): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
    const isOurs = existsSync(this.#path) && lstatSync(this.#path, { bigint: true }).ino === this.#inode;
    if (missing && isOurs) await rm(this.#path);
  }
}

/**
 * Puts a proxy in front of the socket at `path` of a machine. Callers that are connected already stay connected to the daemon itself. Throws
 * NO_SUCH_SOCKET when there is none, and for a path that is longer than a socket's name may be (unix(7): 107 bytes as the test process sees it).
 */
export async function interpose(machine: Machine, path: string): Promise<SocketProxy> {
  const real = await machine.path(path);
  const what = `stand in front of ${path} of ${machine.name}`;
  if (!existsSync(real) || !lstatSync(real).isSocket()) throw new HarnessError('NO_SUCH_SOCKET', `${what}: no socket there`);
  if (Buffer.byteLength(`${real}.behind`) > 107) throw new HarnessError('NO_SUCH_SOCKET', `${what}: ${real} is too long for a socket`);
  return await SocketProxy.start(what, real);
}
