import type { LogLevel } from '../../daemon/log.ts';
import { runDaemon } from '../../daemon/main.ts';
import type { Run } from '../lib/context.ts';

export const run: Run = ({ paths }, { options }) =>
  runDaemon({
    root: paths.root,
    config: options['config'] as string | undefined,
    cleanup: options['cleanup'] === true,
    conflist: options['writeCniConfWhenReady'] as string | undefined,
    logLevel: options['logLevel'] as LogLevel | undefined,
  });
