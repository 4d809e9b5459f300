import type { ExecOptions, ExecResult } from '../lab/exec.ts';
import type { PluginHost } from './invoke.ts';

/** One call of a plugin on a {@link fakeHost}. */
export interface Seen {
  readonly plugin: string;
  readonly env: Record<string, string>;
  readonly config: Record<string, unknown>;
  /** the configuration as it was written */
  readonly stdin: string;
}

/** How it ends; success without a word unless told otherwise. */
export type Answer = Partial<ExecResult> | undefined;

/** A machine that is a map of files, with plugins that are functions. */
export function fakeHost(
  files: Record<string, string>,
  answer: (seen: Seen) => Answer,
): { host: PluginHost; seen: Seen[]; files: Map<string, string> } {
  const store = new Map(Object.entries(files));
  const seen: Seen[] = [];
  const host: PluginHost = {
    async exec([path = ''], { env = {}, input = '' }: ExecOptions = {}) {
      const call = { plugin: path, env: { ...env }, config: JSON.parse(input) as Record<string, unknown>, stdin: input };
      seen.push(call);
      return { code: 0, signal: null, stdout: '', stderr: '', killed: false, duration: 1, ...answer(call) };
    },
    listFolder: async (folder) =>
      [...store.keys()]
        .filter((name) => name.startsWith(`${folder}/`))
        .map((name) => name.slice(folder.length + 1))
        .sort(),
    readFile: async (path) => store.get(path) ?? '',
    writeFile: async (path, content) => void store.set(path, content),
    remove: async (path) => void store.delete(path),
    exists: async (path) => path.startsWith('/opt/cni/bin/') || store.has(path),
  };
  return { host, seen, files: store };
}
