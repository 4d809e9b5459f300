import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { StoreError } from '../errors.ts';
import { isTransient, needsLogin, storeErrorOf } from './errors.ts';
import { type Method, methods, type WatchRequest, type WatchResponse } from './protocol.ts';

export interface EtcdOptions {
  /** `https://10.0.0.1:2379`, `http://...`; the first that answers is used */
  readonly endpoints: readonly string[];
  /** PEM; for https */
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly user?: { readonly name: string; readonly password: string };
  /** how long a call may take with all its tries, in ms */
  readonly timeoutMs?: number;
}

/** A member that does not answer within this part of the time is left for the next one. */
const TRIES = 4;
const PAUSE_MS = 50;

/** A ping after 15 s of silence, 10 s to answer it: a dead peer is found within 25 s. */
const channelOptions = {
  'grpc.keepalive_time_ms': 15_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2000,
} as const;

interface Member {
  readonly endpoint: string;
  readonly client: Client;
}

/** Calls to the members of an etcd cluster: one at a time is used, and the next one when it fails. */
export class Connection {
  readonly #members: readonly Member[];
  readonly #user: EtcdOptions['user'];
  readonly #timeoutMs: number;
  #current = 0;
  #token: Promise<string> | undefined;

  constructor({ endpoints, tls = {}, user, timeoutMs = 10_000 }: EtcdOptions) {
    if (endpoints.length === 0) throw new StoreError('BadRequest', 'connect to etcd: no endpoints are given');
    this.#members = endpoints.map((endpoint) => ({ endpoint, client: clientOf(endpoint, tls) }));
    this.#user = user;
    this.#timeoutMs = timeoutMs;
  }

  get endpoint(): string {
    return this.#member.endpoint;
  }

  get #member(): Member {
    return this.#members[this.#current % this.#members.length] as Member;
  }

  /** Tries again, on the next member, what failed for a transient reason. Gives how often it was tried beside the answer. */
  async call<Q, A>(method: Method<Q, A>, request: Q, signal?: AbortSignal): Promise<{ readonly answer: A; readonly tries: number }> {
    const end = Date.now() + this.#timeoutMs;
    for (let tries = 1, logins = 0; ; tries += 1) {
      signal?.throwIfAborted();
      const member = this.#member;
      try {
        return { answer: await this.#once(member, method, request, Math.min(end, Date.now() + this.#timeoutMs / TRIES), signal), tries };
      } catch (error) {
        const isLogin = this.#user !== undefined && needsLogin(error) && logins < 2;
        if (isLogin) this.#token = undefined;
        logins += isLogin ? 1 : 0;
        const isDue = Date.now() + PAUSE_MS >= end;
        if (isDue || !(isLogin || isTransient(error))) throw storeErrorOf(`etcd ${method.path} ${member.endpoint}`, error);
        if (!isLogin) this.leave(member.endpoint);
        await delay(PAUSE_MS);
      }
    }
  }

  /** A stream of watch responses from the current member, which ends the stream when it loses its leader. */
  async watch(request: WatchRequest): Promise<ClientDuplexStream<WatchRequest, WatchResponse>> {
    const metadata = await this.#metadata();
    metadata.set('hasleader', 'true');
    const { path, request: outgoing, response } = methods.watch;
    const stream = this.#member.client.makeBidiStreamRequest(path, outgoing.encode, response.decode, metadata);
    stream.write(request);
    return stream;
  }

  /** The member failed: others are tried from now on, unless that has been decided already. */
  leave(endpoint: string): void {
    if (this.endpoint === endpoint) this.#current += 1;
  }

  /** After a failed watch: whether it was for want of a login, which the next one makes. */
  forgetLogin(): void {
    this.#token = undefined;
  }

  close(): void {
    for (const { client } of this.#members) client.close();
  }

  async #once<Q, A>(
    { client }: Member,
    { path, request: outgoing, response }: Method<Q, A>,
    request: Q,
    deadline: number,
    signal?: AbortSignal,
  ): Promise<A> {
    const metadata = path === methods.authenticate.path ? new Metadata() : await this.#metadata();
    return new Promise((resolve, reject) => {
      const call = client.makeUnaryRequest(path, outgoing.encode, response.decode, request, metadata, { deadline }, (error, answer) => {
        signal?.removeEventListener('abort', cancel);
        if (error) reject(signal?.aborted ? signal.reason : error);
        else resolve(answer as A);
      });
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel);
    });
  }

  async #metadata(): Promise<Metadata> {
    const metadata = new Metadata();
    if (this.#user === undefined) return metadata;
    this.#token ??= this.#login(this.#user);
    this.#token.catch(() => {
      this.#token = undefined;
    });
    metadata.set('token', await this.#token);
    return metadata;
  }

  async #login(user: { readonly name: string; readonly password: string }): Promise<string> {
    return (await this.#once(this.#member, methods.authenticate, user, Date.now() + this.#timeoutMs / TRIES)).token;
  }
}

function clientOf(endpoint: string, { ca, cert, key }: NonNullable<EtcdOptions['tls']>): Client {
  const { protocol, host, hostname } = new URL(endpoint);
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new StoreError('BadRequest', `connect to etcd ${endpoint}: not a URL of http or https`);
  const address = host === hostname ? `${host}:2379` : host;
  const security = protocol === 'https:' ? credentials.createSsl(ca ?? null, key ?? null, cert ?? null) : credentials.createInsecure();
  return new Client(address, security, channelOptions);
}
