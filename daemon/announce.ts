import { setTimeout as sleep } from 'node:timers/promises';
import { shippedConflist } from '../conf/conflist.ts';
import type { Daemon } from './daemon.ts';
import { messageOf } from './failure.ts';
import type { Logger } from './log.ts';
import { placeFile } from './place.ts';

/** Pause between two looks at a daemon that is not well, in milliseconds. */
const POLL_MS = 1000;

/**
 * `--write-cni-conf-when-ready`, as Cilium calls it: writes the network configuration as soon as an ADD would be served, and ends. A failure to
 * write is logged and tried again: the node serves its pods without it.
 */
export async function writeConflistWhenReady(
  path: string,
  daemon: Pick<Daemon, 'health'>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (; !signal.aborted; await sleep(POLL_MS, undefined, { signal, ref: false }).catch(() => undefined)) {
    if (daemon.health().state !== 'ok') continue;
    try {
      const outcome = placeFile(path, { text: shippedConflist() }, 0o644);
      return log.info({ path, outcome }, 'the network configuration is in place');
    } catch (error) {
      log.error({ path, error: messageOf(error) }, 'writing the network configuration failed');
    }
  }
}
