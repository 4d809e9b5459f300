import type { StepName } from '../../conf/step.ts';
import { requests } from './requests.ts';
import { statesOf } from './states.ts';
import type { Moment } from './ward.ts';

/** What must be done for a process to come by a step. */
export type Occasion =
  /** an ADD kills the plugin */
  | 'plugin: ADD'
  /** a DEL kills the plugin */
  | 'plugin: DEL'
  /** a GC kills the plugin */
  | 'plugin: GC'
  /** a DEL kills the plugin while the daemon is away */
  | 'plugin: DEL alone'
  /** the same, but the daemon comes back while the plugin writes its record */
  | 'plugin: DEL that meets a new daemon'
  /** an ADD that cannot succeed kills the plugin */
  | 'plugin: ADD that fails'
  /** the three verbs of a network with delegated IPAM kill the plugin */
  | 'plugin: ADD with an IPAM plugin'
  | 'plugin: DEL with an IPAM plugin'
  | 'plugin: GC with an IPAM plugin'
  /** an ADD kills the daemon */
  | 'daemon: ADD'
  /** a DEL kills the daemon */
  | 'daemon: DEL'
  /** what follows a DEL that was answered kills the daemon */
  | 'daemon: burial'
  /** a DEL of a pod's second interface kills the daemon */
  | 'daemon: DEL of a further interface'
  /** a DEL of a network with delegated IPAM kills the daemon */
  | 'daemon: DEL with an IPAM plugin'
  /** the daemon's start kills it, while pods run */
  | 'daemon: start'
  /** the same, with an endpoint to be removed because its ADD was cut short, and a queued DEL */
  | 'daemon: start with repairs'
  /** the same, with other programs than before */
  | 'daemon: start with new programs'
  /** the same, with programs attached by tcx that were in filters before, or the other way round */
  | 'daemon: start in the other mode'
  /** the same, with a record that cannot be read */
  | 'daemon: start with damage'
  /** the daemon's very first start kills it, without a bpf file system */
  | 'daemon: first start'
  /** `axoneme daemon --cleanup` is killed */
  | 'daemon: cleanup'
  /** `axoneme install` and `axoneme uninstall` are killed */
  | 'axoneme: install'
  | 'axoneme: uninstall';

/** Every failpoint, the occasion on which it is reached, and what the step does. The type makes the compiler name a step that is missing here. */
export const occasions: Readonly<Record<StepName, readonly [Occasion, string]>> = {
  'add.create': ['plugin: ADD', 'asks the daemon for addresses and a record'],
  'add.delegate': ['plugin: ADD with an IPAM plugin', 'runs the IPAM plugin'],
  'add.pair': ['plugin: ADD', "makes the pair of devices, writes the attachment's name into the alias of the host side and sets it up"],
  'add.pod': ['plugin: ADD', "settings, addresses and routes of the pod's side"],
  'add.connect': ['plugin: ADD', 'tells the daemon of the device'],
  'add.folder': ['plugin: ADD', 'makes the folder of the pinned links'],
  'add.attach.ingress': ['plugin: ADD', 'attaches the program of outgoing traffic'],
  'add.attach.egress': ['plugin: ADD', 'attaches the program of incoming traffic; of a netkit: opens the primary'],
  'add.pin.ingress': ['plugin: ADD', 'pins its link'],
  'add.pin.egress': ['plugin: ADD', 'pins its link'],
  'add.complete': ['plugin: ADD', 'tells the daemon that all is attached'],
  'add.undo': ['plugin: ADD that fails', 'takes one of the steps before back'],
  answer: ['plugin: ADD', 'writes the result to standard output'],
  'del.disconnect': ['plugin: DEL', 'asks the daemon for the whole DEL'],
  'del.device': ['plugin: DEL alone', 'deletes the pair of devices'],
  'del.links': ['plugin: DEL alone', 'removes the pinned links'],
  'del.delete': ['plugin: GC', 'asks the daemon to wait until the device is gone; a DEL does so where an IPAM plugin gives the addresses'],
  'del.queue': ['plugin: DEL alone', 'leaves a record of the DEL for the next daemon'],
  'queue.write': ['plugin: DEL alone', 'writes the temporary file of that record'],
  'queue.rename': ['plugin: DEL alone', 'renames it into the queue'],
  'del.unqueue': ['plugin: DEL that meets a new daemon', 'withdraws that record, when the daemon has come back meanwhile'],
  'del.delegate': ['plugin: DEL with an IPAM plugin', 'gives the addresses back to the IPAM plugin'],
  'gc.delegate': ['plugin: GC with an IPAM plugin', 'tells the IPAM plugin what is valid'],
  'reserve.addresses': ['daemon: ADD', 'reserves the addresses, and a new block when one is needed'],
  'reserve.record': ['daemon: ADD', 'writes the record, state creating'],
  'connect.record': ['daemon: ADD', 'writes the index of the device into the record'],
  'connect.routes': ['daemon: ADD', 'routes a new block to axo_host'],
  'rows.device': ['daemon: ADD', 'writes the row of axo_devices'],
  'rows.identity': ['daemon: ADD', 'writes a row of axo_ipcache'],
  'rows.address': ['daemon: ADD', 'writes a row of axo_endpoints'],
  'window.save': ['daemon: ADD', 'saves the value of rcu_expedited'],
  'window.raise': ['daemon: ADD', 'sets rcu_expedited'],
  'window.restore': ['daemon: ADD', 'writes the value of before back'],
  'window.forget': ['daemon: ADD', 'removes the saved value'],
  'complete.record': ['daemon: ADD', 'writes the record, state ready'],
  'file.write': ['daemon: ADD', 'writes the temporary file of any state file'],
  'file.rename': ['daemon: ADD', 'renames it over the state file'],
  'file.aside': ['daemon: start with damage', 'renames a file that cannot be read to *.bad'],
  'disconnect.record': ['daemon: DEL', 'writes the record, state disconnecting'],
  'rows.remove.address': ['daemon: DEL', 'removes a row of axo_endpoints'],
  'rows.remove.identity': ['daemon: DEL', 'removes a row of axo_ipcache'],
  'rows.remove.device': ['daemon: DEL', 'removes the row of axo_devices'],
  'bury.peer': ['daemon: DEL', "sets the pod's side down and gives it another name"],
  'bury.rules': ['daemon: DEL of a further interface', "removes the pod's rules that lead to the interface's own table"],
  'bury.device': ['daemon: DEL', 'sets the host side down, gives it another name and puts it into the burial group'],
  'bury.pins': ['daemon: DEL', 'renames the folder of the pinned links'],
  'bury.record': ['daemon: DEL', 'writes the record, state disconnected: the DEL is answered'],
  'reap.group': ['daemon: burial', 'deletes the devices of the burial group'],
  'reap.pins': ['daemon: burial', 'removes the pinned links of one of them'],
  'reap.record': ['daemon: burial', 'removes its record'],
  'reap.addresses': ['daemon: burial', 'frees its addresses'],
  'disconnect.routes': ['daemon: DEL with an IPAM plugin', 'removes the routes to addresses that lie in no block'],
  'replay.forget': ['daemon: start with repairs', 'removes a queued DEL that was replayed'],
  'start.socket': ['daemon: start', 'listens on the socket'],
  'start.records': ['daemon: start', 'reads the records and reserves their addresses'],
  'start.survivors': ['daemon: start', 'gives pods that only the kernel knows their records again'],
  'start.routers': ['daemon: start', "reserves the pods' gateways"],
  'start.bpffs': ['daemon: first start', 'mounts the bpf file system where there is none, makes the folders of the pins'],
  'start.bpffs.mount': ['daemon: first start', 'the mount itself'],
  'start.leg': ['daemon: first start', 'makes the pair axo_host and axo_net'],
  'start.leg.up': ['daemon: start', 'sets it up'],
  'start.leg.sysctls': ['daemon: start', 'makes axo_host forward'],
  'start.programs.forget': ['daemon: start with new programs', 'removes the digest of the programs of before'],
  'start.programs.load': ['daemon: start with new programs', 'loads an object, makes and pins its maps'],
  'start.programs.pin': ['daemon: start with new programs', 'pins a program over the one of before'],
  'start.stamp': ['daemon: first start', 'writes which version the state is of'],
  'start.restore': ['daemon: start with repairs', 'removes endpoints that are not whole'],
  'start.rows': ['daemon: start', 'makes the maps agree with the endpoints'],
  'start.links': ['daemon: start with new programs', 'attaches the programs of axo_host, or swaps them'],
  'start.podlinks': ['daemon: start with new programs', "the same for a pod's"],
  'start.others': ['daemon: start in the other mode', 'takes off a device what another kind of attachment holds there'],
  'start.addresses': ['daemon: start', 'gives axo_host the addresses of the gateways'],
  'start.routes': ['daemon: start', 'routes the blocks to axo_host'],
  'start.watch': ['daemon: start', "follows the node's devices and addresses"],
  'start.digest': ['daemon: start with new programs', 'remembers that every link runs these programs'],
  'start.replay': ['daemon: start with repairs', 'replays the queued DELs'],
  'start.queue': ['daemon: start', 'makes the folder of queued DELs and watches it'],
  'cleanup.device': ['daemon: cleanup', 'deletes a pair of devices'],
  'cleanup.pins': ['daemon: cleanup', 'removes the pins, and with them programs and maps'],
  'cleanup.unmount': ['daemon: cleanup', 'takes the bpf file system away that the daemon had mounted'],
  'cleanup.state': ['daemon: cleanup', 'removes the folder of the state'],
  'place.write': ['axoneme: install', 'writes the plugin or the network configuration under a name that no runtime reads'],
  'place.sync': ['axoneme: install', 'brings it to the disk'],
  'place.rename': ['axoneme: install', 'renames it into its place'],
  'place.remove': ['axoneme: uninstall', 'removes the network configuration, then the plugin'],
};

/** A step that the process comes by several times in one verb: how often it is to be killed there, each time at another. */
const repeated: Partial<Record<StepName, number>> = {
  'file.write': 4,
  'file.rename': 4,
  'rows.address': 2,
  'start.links': 2,
  'add.undo': 5,
  'cleanup.device': 2,
  'place.rename': 3,
  'place.remove': 3,
  'start.podlinks': 2,
  'start.others': 2,
};

/** Whether to run every moment, and not only one of those between which nothing happens: `npm test -- --all` sets it. */
const isWhole = process.env['AXONEME_ALL_FAILPOINTS'] !== undefined;

/**
 * The moments of an occasion: one for each state that its steps lead through. Between the end of a step and the beginning of the next nothing happens; of
 * two such moments the later one is run, and `Ward.disarm` checks that the process came to it directly from the other.
 */
export function momentsOf(occasion: Occasion): Moment[] {
  const isOwn = ({ step, nth }: { step: StepName; nth: number }) => occasions[step][0] === occasion && nth <= (repeated[step] ?? 1);
  const states = statesOf(requests[occasion]).map((moments) => moments.filter(isOwn));
  const missing = stepsOf(occasion).filter((step) => !states.flat().some((moment) => moment.step === step));
  if (missing.length > 0) throw new Error(`list the steps of ${occasion}: ${missing.join(', ')} missing`);
  return states.flatMap((moments) => (isWhole ? moments : moments.slice(-1)));
}

const stepsOf = (occasion: Occasion) => (Object.keys(occasions) as StepName[]).filter((step) => occasions[step][0] === occasion);

/** `before add.pair`, for titles. */
export const inWords = ({ step, phase, nth = 1 }: Moment): string => `${phase} ${step}${nth === 1 ? '' : ` (${nth})`}`;

/** The same with their titles, for `it.each`. */
export const titled = (occasion: Occasion): (readonly [string, Moment])[] => momentsOf(occasion).map((moment) => [inWords(moment), moment]);
