import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { AttachKind, EndpointPlan } from '../../conf/api/types.ts';
import { LINK_NAMES } from '../../conf/names.ts';
import { step } from '../../conf/step.ts';
import { getPinned } from '../../native/bpf/pin.ts';
import type { Rtnetlink } from '../../native/netlink/rtnetlink.ts';
import { clsact } from './clsact.ts';
import { namesIfThere } from './folder.ts';
import type { Attached, AttachMethod, AttachTarget, Hook } from './method.ts';
import { netkit } from './netkit.ts';
import { tcx } from './tcx.ts';

export { namesIn } from './folder.ts';
export type { Attached, AttachMethod, AttachTarget, Hook, NamedProgram, Outcome } from './method.ts';

/** Every way to attach, by its kind. */
export const attachMethods: Readonly<Record<AttachKind, AttachMethod>> = { tcx, clsact, netkit };

/**
 * Attaches the shared programs to both hooks of a pod's host side, in a way that holds them there when plugin and daemon are gone. The two
 * attaches wait for the kernel side by side, unless one must come first.
 */
export async function attachPrograms(netlink: Rtnetlink, attach: EndpointPlan['attach'], hostIfindex: number): Promise<void> {
  const { fromContainer, toContainer, links: folder } = attach;
  const target = { ifindex: hostIfindex, folder };
  const method = attachMethods[attach.kind];
  try {
    await step('add.folder', () => prepare(netlink, method, target));
    const ingress = attachOne(netlink, method, target, 'ingress', fromContainer);
    if (method.inTurn) await ingress;
    const both = await Promise.allSettled([ingress, attachOne(netlink, method, target, 'egress', toContainer)]);
    // Not before the other has ended: it would pin its link into the folder of whoever makes the attachment anew.
    for (const one of both) if (one.status === 'rejected') throw one.reason;
  } catch (error) {
    await detachPrograms(async () => netlink, folder);
    throw error;
  }
}

/** Links that an earlier life of the attachment left are husks by now: their device is gone. */
async function prepare(netlink: Rtnetlink, method: AttachMethod, target: AttachTarget): Promise<void> {
  await detachPrograms(async () => netlink, target.folder);
  await method.prepare(netlink, target);
}

async function attachOne(netlink: Rtnetlink, method: AttachMethod, target: AttachTarget, hook: Hook, programPath: string): Promise<void> {
  using fd = getPinned(programPath);
  const program = { name: basename(programPath), fd };
  using held = await step(`add.attach.${hook}`, () => method.attach(netlink, target, hook, program));
  step(`add.pin.${hook}`, () => held.keep());
}

/**
 * What is at a hook and ours, by whatever kind: the kernel is asked, no record. Of two the one that runs first; what is left of a device that
 * is gone only where there is nothing else.
 */
export async function findAttached(netlink: Rtnetlink, target: AttachTarget, hook: Hook): Promise<Attached | undefined> {
  let husk: Attached | undefined;
  for (const method of [tcx, netkit, clsact]) {
    const found = await method.inspect(netlink, target, hook);
    if (found !== undefined && found.ifindex !== 0) return found;
    husk ??= found;
  }
  return husk;
}

/**
 * Takes our programs off the device of a folder, and removes the folder: pinned links end with their pins, filters are deleted unless their
 * device is gone. A socket is asked for only where there is a filter.
 */
export async function detachPrograms(netlink: () => Promise<Rtnetlink>, folder: string): Promise<void> {
  const names = namesIfThere(folder);
  if (names === undefined) return;
  if (names.some((name) => !(name in LINK_NAMES))) await clsact.remove(await netlink(), folder);
  rmSync(folder, { recursive: true, force: true });
}
