import type { Environment } from '../conf/cni/env.ts';
import { AgentError } from './agent.ts';

/** What the launcher tells the executable that it becomes (plugin/launcher/cold.c). */
export interface WarmStart {
  /** How long it has waited for the daemon, in milliseconds. */
  readonly waitedMs: number;
  /** The daemon took the call and did not answer: what it did, or does still, nobody knows. Undefined when it has done nothing. */
  readonly end: AgentError | undefined;
}

/** Reads AXONEME_WAITED_MS and AXONEME_WARM; without a launcher there is neither. */
export function warmStart(env: Environment): WarmStart {
  const waitedMs = Number(env['AXONEME_WAITED_MS'] ?? 0);
  return { waitedMs: Number.isFinite(waitedMs) && waitedMs > 0 ? waitedMs : 0, end: endOf(env['AXONEME_WARM'], waitedMs) };
}

function endOf(fate: string | undefined, waitedMs: number): AgentError | undefined {
  if (fate === 'lost') return new AgentError('unreachable', 'ask axoneme daemon to serve the call: the connection broke');
  if (fate === 'silent') return new AgentError('timeout', `ask axoneme daemon to serve the call: no answer within ${waitedMs} ms`);
  return undefined;
}
