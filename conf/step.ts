import { channel } from 'node:diagnostics_channel';

/** Steps of the plugin, in ADD and DEL. */
type PluginStep =
  | 'add.create'
  | 'add.delegate'
  | 'add.pair'
  | 'add.pod'
  | 'add.connect'
  | 'add.folder'
  | 'add.attach.ingress'
  | 'add.attach.egress'
  | 'add.pin.ingress'
  | 'add.pin.egress'
  | 'add.complete'
  | 'add.undo'
  | 'answer'
  | 'del.disconnect'
  | 'del.device'
  | 'del.links'
  | 'del.delete'
  | 'del.queue'
  | 'queue.write'
  | 'queue.rename'
  | 'del.unqueue'
  | 'del.delegate'
  | 'gc.delegate';

/** Steps of the daemon while it serves an ADD or DEL, or replays one. */
type EndpointStep =
  | 'reserve.addresses'
  | 'reserve.record'
  | 'connect.record'
  | 'connect.routes'
  | 'rows.device'
  | 'rows.identity'
  | 'rows.address'
  | 'complete.record'
  | 'disconnect.record'
  | 'rows.remove.address'
  | 'rows.remove.identity'
  | 'rows.remove.device'
  | 'bury.peer'
  | 'bury.rules'
  | 'bury.device'
  | 'bury.pins'
  | 'bury.record'
  | 'reap.group'
  | 'reap.pins'
  | 'reap.record'
  | 'reap.addresses'
  | 'disconnect.routes'
  | 'replay.forget'
  | 'window.save'
  | 'window.raise'
  | 'window.restore'
  | 'window.forget'
  | 'file.write'
  | 'file.rename'
  | 'file.aside';

/** Steps of the daemon's start. */
type StartStep =
  | 'start.socket'
  | 'start.records'
  | 'start.survivors'
  | 'start.routers'
  | 'start.bpffs'
  | 'start.bpffs.mount'
  | 'start.leg'
  | 'start.leg.up'
  | 'start.leg.sysctls'
  | 'start.programs.forget'
  | 'start.programs.load'
  | 'start.programs.pin'
  | 'start.stamp'
  | 'start.restore'
  | 'start.rows'
  | 'start.links'
  | 'start.podlinks'
  | 'start.others'
  | 'start.addresses'
  | 'start.routes'
  | 'start.watch'
  | 'start.digest'
  | 'start.replay'
  | 'start.queue';

/** Steps of `axoneme daemon --cleanup`. */
type CleanupStep = 'cleanup.device' | 'cleanup.pins' | 'cleanup.unmount' | 'cleanup.state';

/** Steps of `axoneme install` and `uninstall`, and of the daemon that writes the network configuration. */
type PlaceStep = 'place.write' | 'place.sync' | 'place.rename' | 'place.remove';

/** A step that changes the kernel or the state on disk: between any two of them the process may die. */
export type StepName = PluginStep | EndpointStep | StartStep | CleanupStep | PlaceStep;

/** What `axoneme:step` carries: a step is about to begin, or has ended well. */
export interface StepMessage {
  readonly step: StepName;
  readonly phase: 'before' | 'after';
}

const steps = channel('axoneme:step');

/**
 * Runs one step and publishes its beginning and end on the diagnostics channel `axoneme:step`. Nobody listens in a normal run, which then
 * costs one look at a flag; a profiler may, and a test that wants to know what a death at this very moment leaves. Throws what `work` throws.
 */
export function step<T>(name: StepName, work: () => T): T {
  if (!steps.hasSubscribers) return work();
  publish(name, 'before');
  const result = work();
  if (!(result instanceof Promise)) {
    publish(name, 'after');
    return result;
  }
  const told = result.then((value: unknown) => {
    publish(name, 'after');
    return value;
  });
  return told as T;
}

function publish(name: StepName, phase: StepMessage['phase']): void {
  steps.publish({ step: name, phase } satisfies StepMessage);
}
