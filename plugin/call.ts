import type { Environment, Invocation } from '../conf/cni/env.ts';
import type { NetConf } from '../conf/cni/netconf.ts';
import type { CniCommand, CniResult } from '../conf/cni/types.ts';
import type { Agent } from './agent.ts';
import type { Delegates } from './delegate.ts';
import type { DeleteQueue } from './delete-queue.ts';
import type { Host } from './host.ts';

/** A validated call: what the runtime says in the environment and on stdin. */
export interface PluginCall {
  /** What stdin held, whole: a delegate gets it as it came. */
  readonly stdin: unknown;
  readonly invocation: Invocation;
  readonly conf: NetConf;
  readonly env: Environment;
}

/** What a command function works with. Cold, the process's own; warm, the daemon's. */
export interface Tools {
  readonly agent: Agent;
  readonly host: Host;
  readonly queue: DeleteQueue;
  readonly delegates: Delegates;
}

/** Runs one verb. ADD answers a result, the others nothing. */
export type Handler = (call: PluginCall) => Promise<CniResult | undefined>;

/** A handler per verb; VERSION is answered by `runPlugin` itself. */
export type Handlers = Readonly<Record<Exclude<CniCommand, 'VERSION'>, Handler>>;
