import { readdirSync } from 'node:fs';
import { paths } from '../conf/paths.ts';
import type { Handlers, PluginCall, Tools } from './call.ts';
import type { ClientOptions } from './client.ts';
import type { Delegates } from './delegate.ts';

/**
 * How long a call of each verb waits for the daemon. ADD, CHECK and GC sit out a restart of the daemon and still answer within two seconds
 * when there is none, or one that hangs; STATUS must answer within 0.2 s, process start included; DEL has its queue instead.
 */
const WAITING = {
  ADD: { patienceMs: 1500, answerMs: 10_000 },
  CHECK: { patienceMs: 1500, answerMs: 5000 },
  DEL: { patienceMs: 0, answerMs: 3000 },
  GC: { patienceMs: 1500, answerMs: 10_000 },
  STATUS: { patienceMs: 0, answerMs: 120 },
} as const satisfies Record<string, ClientOptions>;

/** The verbs as a process of their own runs them: each loads only what it uses, and meets the daemon through its socket. */
export const coldHandlers: Handlers = {
  ADD: async (call) => {
    const { add } = await import('./commands/add.ts');
    return await withTools(call, WAITING.ADD, (tools) => add(call, tools));
  },
  DEL: async (call) => {
    const { del } = await import('./commands/del.ts');
    await withTools(call, WAITING.DEL, (tools) => del(call, tools));
    return undefined;
  },
  CHECK: async (call) => {
    const { check } = await import('./commands/check.ts');
    await withTools(call, WAITING.CHECK, (tools) => check(call, tools));
    return undefined;
  },
  STATUS: async (call) => {
    const [{ status }, { DaemonClient }] = await Promise.all([import('./commands/status.ts'), import('./client.ts')]);
    using agent = new DaemonClient(pathsOf(call).socket, WAITING.STATUS);
    await status(call, { agent, delegates, devices: () => readdirSync('/sys/class/net') });
    return undefined;
  },
  GC: async (call) => {
    const { gc } = await import('./commands/gc.ts');
    await withTools(call, WAITING.GC, (tools) => gc(call, tools));
    return undefined;
  },
};

/** Loaded by the calls that have a delegate. */
const delegates: Delegates = {
  run: async (...args) => (await import('./delegate.ts')).runDelegate(...args),
};

async function withTools<T>(call: PluginCall, waiting: ClientOptions, run: (tools: Tools) => Promise<T>): Promise<T> {
  const where = pathsOf(call);
  const [{ DaemonClient }, { KernelHost }, { DeleteFolder }] = await Promise.all([
    import('./client.ts'),
    import('./kernel-host.ts'),
    import('./delete-queue.ts'),
  ]);
  using agent = new DaemonClient(where.socket, waiting);
  using host = new KernelHost(where);
  return await run({ agent, host, queue: new DeleteFolder(where.deleteQueue), delegates });
}

/** `root` of the configuration moves every path, as AXONEME_ROOT does. */
function pathsOf({ conf, env }: PluginCall): ReturnType<typeof paths> {
  return paths(conf.root ?? (env['AXONEME_ROOT'] || '/'));
}
