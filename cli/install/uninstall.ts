import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removePlaced } from '../../daemon/place.ts';
import type { Run } from '../lib/context.ts';
import { CliError } from '../lib/errors.ts';
import { countEndpoints, placesOf } from './files.ts';

/** The reverse of install: no new pods first; the plugin only when no pod needs its DEL any more, the launcher before what it needs. */
export const run: Run = async ({ io, paths }, input) => {
  const { plugin, cold, conflist } = placesOf(paths, input);
  const tell = (path: string, wasThere: boolean) => io.stdout.write(`${path}: ${wasThere ? 'removed' : 'was not there'}\n`);
  tell(conflist, removePlaced(conflist));
  const endpoints = countEndpoints(paths);
  if (endpoints > 0 && input.options['force'] !== true) {
    throw new CliError(`remove ${plugin}: ${endpoints} pods need it for their DEL; delete them first, or give --force`);
  }
  tell(plugin, removePlaced(plugin));
  tell(cold, removePlaced(cold));
  // Native modules that the executable has unpacked beside itself.
  rmSync(join(dirname(plugin), '.axoneme'), { recursive: true, force: true });
  return 0;
};
