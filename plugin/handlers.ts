import { readdirSync } from 'node:fs';
import { paths } from '../conf/paths.ts';
import type { Handlers, PluginCall, Tools } from './call.ts';
import type { ClientOptions } from './client.ts';
import type { Delegates } from './delegate.ts';
import { warmStart } from './warm-start.ts';

/**
 * How long a call of each verb waits for the daemon. ADD, CHECK and GC sit out a restart of the daemon and still answer within two seconds
 * when there is none, or one that hangs; so does DEL, which has its queue instead; STATUS must answer within 0.2 s, process start included. What the
 * launcher has waited already counts.
 */
const WAITING = {
  ADD: { patienceMs: 1500, answerMs: 10_000 },
  CHECK: { patienceMs: 1500, answerMs: 5000 },
  DEL: { patienceMs: 0, answerMs: 1500 },
  GC: { patienceMs: 1500, answerMs: 10_000 },
  STATUS: { patienceMs: 0, answerMs: 100 },
} as const satisfies Record<string, ClientOptions>;

/** What is left of the time. Of no time at all the client would understand that it need not be patient. */
function waiting(verb: keyof typeof WAITING, { env }: PluginCall): ClientOptions {
  const { patienceMs, answerMs } = WAITING[verb];
  const { waitedMs } = warmStart(env);
  if (patienceMs > 0) return { patienceMs: Math.max(1, patienceMs - waitedMs), answerMs };
  return { patienceMs, answerMs: Math.max(LEAST_ANSWER_MS, answerMs - waitedMs) };
}

/** A daemon that hung a moment ago may be back. */
const LEAST_ANSWER_MS = 50;

/** The verbs as a process of their own runs them: each loads only what it uses, and meets the daemon through its socket. */
export const coldHandlers: Handlers = {
  ADD: async (call) => {
    const { add, overtaken } = await import('./commands/add.ts');
    const { end } = warmStart(call.env);
    if (end !== undefined) throw overtaken(end);
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
    const [{ status }, { DaemonClient }] = await Promise.all([import('./commands/status.ts'), import('./client.ts')]);
    using agent = new DaemonClient(pathsOf(call).socket, waiting('STATUS', call));
    await status(call, { agent, delegates, devices: () => readdirSync('/sys/class/net') });
    return undefined;
  },
  GC: async (call) => {
    const { gc } = await import('./commands/gc.ts');
    await withTools(call, waiting('GC', call), (tools) => gc(call, tools));
    return undefined;
  },
};

/** Loaded by the calls that have a delegate. */
const delegates: Delegates = {
  run: async (...args) => (await import('./delegate.ts')).runDelegate(...args),
};

async function withTools<T>(call: PluginCall, options: ClientOptions, run: (tools: Tools) => Promise<T>): Promise<T> {
  const where = pathsOf(call);
  const [{ DaemonClient }, { KernelHost }, { DeleteFolder }] = await Promise.all([
    import('./client.ts'),
    import('./kernel-host.ts'),
    import('./delete-queue.ts'),
  ]);
  using agent = new DaemonClient(where.socket, options);
  using host = new KernelHost(where);
  return await run({ agent, host, queue: new DeleteFolder(where.deleteQueue), delegates });
}

/** `root` of the configuration moves every path, as AXONEME_ROOT does. */
function pathsOf({ conf, env }: PluginCall): ReturnType<typeof paths> {
  return paths(conf.root ?? (env['AXONEME_ROOT'] || '/'));
}
