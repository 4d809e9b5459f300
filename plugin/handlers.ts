import { readdirSync } from 'node:fs';
import { paths } from '../conf/paths.ts';
import { AgentError } from './agent.ts';
import type { ClientOptions } from './client.ts';
import type { Delegates, Handlers, PluginCall, Tools } from './types.ts';
import { warmStart } from './warm-start.ts';

/**
 * Longest time that a call waits for a daemon that lives, in milliseconds, if its runtime lets it: kubelet gives a call two minutes
 * (`--runtime-request-timeout`), and a plugin that ends before that says why. The launcher has the same limit (plugin/launcher/clock.c).
 */
const ALIVE_MS = 110_000;

/**
 * How long a call of each verb waits for the daemon. While it shows no sign of life, ADD, CHECK and GC sit out a restart and still answer within two
 * seconds when there is none; so does DEL, which has its queue instead; STATUS must answer within 0.2 s, process start included. For one that lives
 * STATUS waits a second: then what the daemon last published is the better answer. What the launcher has waited already counts.
 */
const WAITING = {
  ADD: { patienceMs: 1500, answerMs: 10_000, aliveMs: ALIVE_MS },
  CHECK: { patienceMs: 1500, answerMs: 5000, aliveMs: ALIVE_MS },
  DEL: { patienceMs: 0, answerMs: 1500, aliveMs: ALIVE_MS },
  GC: { patienceMs: 1500, answerMs: 10_000, aliveMs: ALIVE_MS },
  STATUS: { patienceMs: 0, answerMs: 50, aliveMs: 1000, startingMs: 0 },
} as const satisfies Record<string, ClientOptions>;

/** What is left of the time. Of no time at all the client would understand that it need not be patient. */
function waiting(verb: keyof typeof WAITING, { env }: PluginCall): ClientOptions {
  const { patienceMs, answerMs, aliveMs, ...rest } = WAITING[verb];
  const { waitedMs } = warmStart(env);
  const left = { ...rest, aliveMs: Math.max(LEAST_ANSWER_MS, aliveMs - waitedMs) };
  if (patienceMs > 0) return { ...left, patienceMs: Math.max(1, patienceMs - waitedMs), answerMs };
  return { ...left, patienceMs, answerMs: Math.max(LEAST_ANSWER_MS, answerMs - waitedMs) };
}

/** A daemon that hung a moment ago may be back. */
const LEAST_ANSWER_MS = 50;

/** The verbs as a process of their own runs them: each loads only what it uses, and meets the daemon through its socket. */
export const coldHandlers: Handlers = {
  ADD: async (call) => {
    const { add, overtaken } = await import('./commands/add.ts');
    const { end } = warmStart(call.env);
    if (end !== undefined) throw await unanswered(call, end, overtaken);
    return await withTools(call, waiting('ADD', call), (tools) => add(call, tools));
  },
  DEL: async (call) => {
    const { del } = await import('./commands/del.ts');
    await withTools(call, waiting('DEL', call), (tools) => del(call, tools));
    return undefined;
  },
  CHECK: async (call) => {
    const { check } = await import('./commands/check.ts');
    await withTools(call, waiting('CHECK', call), (tools) => check(call, tools));
    return undefined;
  },
  STATUS: async (call) => {
    const where = pathsOf(call);
    const [{ status }, { DaemonClient }, { LivenessProbe }, { PublishedHealth }] = await Promise.all([
      import('./commands/status.ts'),
      import('./client.ts'),
      import('./liveness.ts'),
      import('./published-health.ts'),
    ]);
    const liveness = new LivenessProbe(where.lock);
    using client = new DaemonClient(where.socket, { ...waiting('STATUS', call), liveness });
    const agent = new PublishedHealth(client, where.health, liveness);
    await status(call, { agent, delegates, devices: () => readdirSync('/sys/class/net') });
    return undefined;
  },
  GC: async (call) => {
    const { gc } = await import('./commands/gc.ts');
    await withTools(call, waiting('GC', call), (tools) => gc(call, tools));
    return undefined;
  },
};

/** What an ADD fails with that the daemon took from the launcher and did not answer. */
async function unanswered(call: PluginCall, end: AgentError, overtaken: (error: unknown) => Error): Promise<Error> {
  if (end.code !== 'timeout') return overtaken(end);
  const { hungMessage, LivenessProbe } = await import('./liveness.ts');
  const seen = await new LivenessProbe(pathsOf(call).lock).confirm();
  return seen.state === 'hung'
    ? new AgentError('timeout', `ask axoneme daemon to serve the call: ${hungMessage(seen)}`, { cause: end })
    : end;
}

/** Loaded by the calls that have a delegate. */
const delegates: Delegates = {
  run: async (...args) => (await import('./delegate.ts')).runDelegate(...args),
};

async function withTools<T>(call: PluginCall, options: ClientOptions, run: (tools: Tools) => Promise<T>): Promise<T> {
  const where = pathsOf(call);
  const [{ DaemonClient }, { LivenessProbe }, { KernelHost }, { DeleteFolder }] = await Promise.all([
    import('./client.ts'),
    import('./liveness.ts'),
    import('./kernel-host.ts'),
    import('./delete-queue.ts'),
  ]);
  using agent = new DaemonClient(where.socket, { ...options, liveness: new LivenessProbe(where.lock) });
  using host = new KernelHost(where);
  return await run({ agent, host, queue: new DeleteFolder(where.deleteQueue), delegates });
}

/** `root` of the configuration moves every path, as AXONEME_ROOT does. */
function pathsOf({ conf, env }: PluginCall): ReturnType<typeof paths> {
  return paths(conf.root ?? (env['AXONEME_ROOT'] || '/'));
}
