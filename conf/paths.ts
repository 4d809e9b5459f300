import { join } from 'node:path';

/** Every path that axoneme reads or writes on a node. One root moves them all, so that one machine can hold many nodes. */
export interface Paths {
  readonly root: string;
  /** The daemon's configuration; it need not exist. */
  readonly config: string;
  /** The daemon's API, a Unix socket of mode 0600. */
  readonly socket: string;
  /** Where the daemon takes whole CNI calls from the launcher, a Unix socket of mode 0600. */
  readonly cniSocket: string;
  /** Locked by the daemon for as long as it lives; its content is the daemon's heartbeat. */
  readonly lock: string;
  /** The daemon's health as it last knew it, for a STATUS that it is too busy to answer. */
  readonly health: string;
  /** STATUS calls that the daemon would answer without an error, for launchers while it is busy (daemon/cni/status-cache.ts). */
  readonly statusCache: string;
  /** On tmpfs on purpose: what is here survives the daemon and not a reboot, like the kernel objects that it describes. */
  readonly runDir: string;
  /** Where the daemon keeps `endpoints/` and `ipam.json`; the same folder as `runDir`. */
  readonly stateDir: string;
  /** DELs that came while the daemon was away, one JSON file each. */
  readonly deleteQueue: string;
  /** Where the BPF file system is, or will be, mounted. */
  readonly bpffs: string;
  /** Our folder in it; the version is that of the maps' layout. */
  readonly pins: string;
  readonly maps: string;
  readonly progs: string;
  readonly links: string;
}

/** The paths under `root`, by default that of the environment (`AXONEME_ROOT`) or the file system's own. */
export function paths(root: string = process.env['AXONEME_ROOT'] || '/'): Paths {
  const runDir = join(root, 'run/axoneme');
  const bpffs = join(root, 'sys/fs/bpf');
  const pins = join(bpffs, 'axoneme/v1');
  return {
    root,
    config: join(root, 'etc/axoneme/config.yaml'),
    socket: join(runDir, 'axoneme.sock'),
    cniSocket: join(runDir, 'cni.sock'),
    lock: join(runDir, 'daemon.lock'),
    health: join(runDir, 'health.json'),
    statusCache: join(runDir, 'status-ok'),
    runDir,
    stateDir: runDir,
    deleteQueue: join(runDir, 'delete-queue'),
    bpffs,
    pins,
    maps: join(pins, 'maps'),
    progs: join(pins, 'progs'),
    links: join(pins, 'links'),
  };
}
