import type { StepName } from '../../conf/step.ts';
import type { Occasion } from './moments.ts';

/** A step, or one that does its work by other steps. */
export type Nested = StepName | readonly [step: StepName, ...within: Nested[]];

/**
 * The steps of each scenario in the order in which one request of one process comes by them. Every change of kernel and disk is a step, so that the state
 * behind one of a list is the state before the next. A further list begins where something else happens in between: another process, another request, or
 * steps that belong to other scenarios.
 */
export const requests: Readonly<Record<Occasion, readonly (readonly Nested[])[]>> = {
  'plugin: ADD': [
    ['add.create', 'add.pair', 'add.pod', 'add.connect', 'add.folder', 'add.attach.ingress', 'add.pin.ingress'],
    ['add.attach.egress', 'add.pin.egress', 'add.complete', 'answer'],
  ],
  'plugin: DEL': [['del.disconnect']],
  'plugin: GC': [['del.delete']],
  'plugin: DEL alone': [['del.device', 'del.links', ['del.queue', 'queue.write', 'queue.rename']]],
  'plugin: DEL that meets a new daemon': [['del.unqueue']],
  'plugin: ADD that fails': [['add.undo', 'add.undo', 'add.undo', 'add.undo', 'add.undo']],
  'plugin: ADD with an IPAM plugin': [['add.delegate']],
  'plugin: DEL with an IPAM plugin': [['del.delegate']],
  'plugin: GC with an IPAM plugin': [['gc.delegate']],
  'daemon: ADD': [
    ['reserve.addresses', ['reserve.record', 'file.write', 'file.rename']],
    [
      ['window.save', 'file.write', 'file.rename'],
      'window.raise',
      ['connect.record', 'file.write', 'file.rename'],
      'connect.routes',
      'rows.device',
      'rows.identity',
      'rows.address',
      'rows.identity',
      'rows.address',
    ],
    ['window.restore', 'window.forget', ['complete.record', 'file.write', 'file.rename']],
  ],
  'daemon: DEL': [
    ['disconnect.record', 'rows.remove.address', 'rows.remove.identity'],
    ['rows.remove.device', 'bury.peer', 'bury.device', 'bury.pins', 'bury.record'],
  ],
  'daemon: burial': [
    ['reap.group', 'reap.pins'],
    ['reap.record', 'reap.addresses'],
  ],
  'daemon: DEL of a further interface': [['bury.rules']],
  'daemon: DEL with an IPAM plugin': [['disconnect.routes']],
  'daemon: start': [
    ['start.socket', 'start.records', 'start.survivors', 'start.routers'],
    ['start.leg.up', 'start.leg.up', 'start.leg.sysctls'],
    ['start.rows'],
    ['start.addresses', 'start.routes', 'start.watch'],
    ['start.queue'],
  ],
  'daemon: start with repairs': [['start.restore'], ['start.replay'], ['replay.forget']],
  'daemon: start with new programs': [
    ['start.programs.forget', 'start.programs.load'],
    ['start.programs.pin'],
    ['start.links', 'start.links', 'start.podlinks', 'start.podlinks'],
    ['start.digest'],
  ],
  'daemon: start in the other mode': [['start.others', ['start.podlinks', 'start.others']]],
  'daemon: start with damage': [['file.aside']],
  'daemon: first start': [[['start.bpffs', 'file.write', 'file.rename', 'start.bpffs.mount'], 'start.leg'], ['start.stamp']],
  'daemon: cleanup': [['cleanup.device', 'cleanup.device', 'cleanup.pins', 'cleanup.unmount', 'cleanup.state']],
  'axoneme: install': [
    ['place.write', 'place.sync', 'place.rename', 'place.write', 'place.sync', 'place.rename', 'place.write', 'place.sync', 'place.rename'],
  ],
  'axoneme: uninstall': [['place.remove', 'place.remove', 'place.remove']],
};
