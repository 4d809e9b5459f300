import { shippedConflist } from '../../conf/conflist.ts';
import { placeFile } from '../../daemon/place.ts';
import type { Run } from '../lib/context.ts';
import { CliError } from '../lib/errors.ts';
import { COLD_NAME, filesBefore, PLUGIN_NAME, placesOf, pluginSource, waitOption, waitUntilReady } from './files.ts';

/**
 * The cold executable first, so that no launcher is ever without one; then the launcher; the network configuration last and only over a datapath
 * that works: its file is the runtime's sign that pods may come.
 */
export const run: Run = async ({ io, paths, api }, input) => {
  const { plugin, cold, conflist } = placesOf(paths, input);
  const seconds = waitOption(input);
  const tell = (path: string, outcome: string) => io.stdout.write(`${path}: ${outcome}\n`);
  const [coldSource, source] = [pluginSource(COLD_NAME, input), pluginSource(PLUGIN_NAME, input)];
  tell(cold, place(cold, { copyOf: coldSource }, 0o755));
  tell(plugin, place(plugin, { copyOf: source }, 0o755));
  await waitUntilReady(api, seconds);
  tell(conflist, place(conflist, { text: shippedConflist() }, 0o644));
  for (const name of filesBefore(conflist)) io.stderr.write(`axoneme: warning: runtimes read ${name} before it, and take the first\n`);
  return 0;
};

function place(...file: Parameters<typeof placeFile>): string {
  try {
    return placeFile(...file);
  } catch (cause) {
    throw new CliError(`install ${file[0]}: ${cause instanceof Error ? cause.message : String(cause)}`, 1, { cause });
  }
}
