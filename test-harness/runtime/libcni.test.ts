import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Attachment } from './attachment.ts';
import type { CacheEntry } from './cache.ts';
import type { Json } from './network.ts';
import { Runtime } from './runtime.ts';
import { fakeHost } from './testing.ts';

/*
 * The real libcni as a witness: testdata/libcni-1.1.2.json holds, for each configuration and set of plugin answers, every plugin call that libcni made
 * (environment, standard input) and every file of its cache, recorded by testdata/record.ts. This runtime must do the same.
 */

interface Call {
  readonly plugin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}
interface Step {
  readonly verb: 'validate' | 'add' | 'check' | 'del';
  readonly succeeded: boolean;
  readonly calls: readonly Call[];
  readonly cache: Readonly<Record<string, CacheEntry>>;
}
interface Scenario {
  readonly name: string;
  readonly file: string;
  readonly config: string;
  readonly answers: Readonly<Record<string, string>>;
  readonly verbs: readonly Step[];
}

const recorded: { readonly attachment: Attachment; readonly scenarios: readonly Scenario[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'testdata', 'libcni-1.1.2.json'), 'utf8'),
);
const versions = { stdout: '{"cniVersion":"1.0.0","supportedVersions":["0.3.1","0.4.0","1.0.0"]}' };

/** What libcni 1.1.2 is too old for: `mtu`, and leaving an empty `dns` out; and the version that a runtime says it is. */
function timeless(value: unknown): unknown {
  const text = JSON.stringify(value, (key, inner) => {
    if (key === 'mtu' || (key === 'dns' && Object.keys(inner).length === 0)) return undefined;
    return key === 'config' ? JSON.parse(Buffer.from(inner, 'base64').toString()) : inner;
  });
  return JSON.parse(text);
}

function callsOf(calls: readonly Call[]): unknown {
  return calls.map(({ plugin, env, stdin }) => {
    const config = JSON.parse(stdin) as Json;
    const told = env['CNI_COMMAND'] === 'VERSION' ? '' : timeless(config);
    return { plugin, env, config: told, keys: Object.keys(config) };
  });
}

describe.each(recorded.scenarios)('$name', ({ file, config, answers, verbs }) => {
  const { host, seen, files } = fakeHost({ [`/etc/cni/net.d/${file}`]: config }, ({ plugin, env }) => {
    if (env['CNI_COMMAND'] === 'VERSION') return versions;
    return env['CNI_COMMAND'] === 'ADD' ? { stdout: answers[plugin.replace('/opt/cni/bin/', '')] ?? '' } : undefined;
  });
  const exists = async (path: string) => !path.endsWith('/absent') && host.exists(path);
  const runtime = new Runtime({ ...host, exists }, { pluginDirs: ['/opt/cni/bin'] });

  it.each(verbs)('$verb', async ({ verb, succeeded, calls, cache }) => {
    seen.splice(0);
    const done = runtime.network('n').then((network): Promise<unknown> => {
      return verb === 'validate' ? runtime.validate(network) : runtime[verb](network, recorded.attachment);
    });
    await (succeeded ? done : expect(done).rejects.toThrow());
    const ours = seen.map(({ plugin, env, stdin }) => ({ plugin: plugin.replace('/opt/cni/bin/', ''), env, stdin }));
    expect(callsOf(ours)).toEqual(callsOf(calls));
    const cached = [...files].filter(([path]) => path.startsWith('/var/lib/cni/results/'));
    const entries = Object.fromEntries(cached.map(([path, text]) => [path.replace('/var/lib/cni/results/', ''), JSON.parse(text)]));
    const newer = Object.fromEntries(Object.entries(cache).map(([name, entry]) => [name, { ...entry, netns: recorded.attachment.netns }]));
    expect(timeless(entries)).toEqual(timeless(newer));
  });
});
