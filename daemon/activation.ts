import { fstatSync } from 'node:fs';
import { StartError } from './failure.ts';

/** SD_LISTEN_FDS_START (systemd/sd-daemon.h): the descriptors that a service manager passes begin after stderr. */
export const FIRST_PASSED_FD = 3;

/**
 * The listening socket that a service manager has passed, by the protocol of sd_listen_fds(3): `LISTEN_PID` names this process and
 * `LISTEN_FDS` says how many descriptors follow stderr. Undefined when none was passed, or when they were meant for another process. The
 * variables are removed from `env`, so that no child takes them for its own.
 * Throws StartError for more than one descriptor and for one that is no socket.
 */
export function passedSocket(env: NodeJS.ProcessEnv = process.env, pid: number = process.pid): number | undefined {
  const { LISTEN_PID: forPid, LISTEN_FDS: count } = env;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name];
  if (count === undefined || Number(forPid) !== pid) return undefined;
  if (count !== '1') throw new StartError(`take the socket of the service manager: LISTEN_FDS is ${count}, and axoneme serves one socket`);
  if (!isSocket(FIRST_PASSED_FD))
    throw new StartError(`take the socket of the service manager: descriptor ${FIRST_PASSED_FD} is no socket`);
  return FIRST_PASSED_FD;
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
