import { mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EndpointPlan } from '../conf/api/types.ts';
import { LINK_NAMES } from '../conf/names.ts';
import { step } from '../conf/step.ts';
import { AttachType } from '../native/bpf/constants.ts';
import { createLink } from '../native/bpf/link.ts';
import { getPinned, pin } from '../native/bpf/pin.ts';
import { hasErrno } from '../native/errors.ts';

/**
 * Attaches the shared programs to both hooks of a pod's host side, and pins the links: they hold the programs there when plugin and daemon are
 * gone. The two attaches wait for the kernel side by side.
 */
export async function attachPrograms(attach: EndpointPlan['attach'], hostIfindex: number): Promise<void> {
  step('add.folder', () => makeFolder(attach.links));
  try {
    await Promise.all([
      attachOne(attach.fromContainer, hostIfindex, 'ingress', attach.links),
      attachOne(attach.toContainer, hostIfindex, 'egress', attach.links),
    ]);
  } catch (error) {
    removeLinks(attach.links);
    throw error;
  }
}

const HOOKS = { ingress: AttachType.tcxIngress, egress: AttachType.tcxEgress } as const;

async function attachOne(programPath: string, ifindex: number, hook: keyof typeof HOOKS, folder: string): Promise<void> {
  using program = getPinned(programPath);
  const attach = () => createLink({ program, ifindex, attachType: HOOKS[hook] });
  using link = await step(`add.attach.${hook}`, attach).catch(async (error: unknown) => {
    throw await explain(error, `attach ${programPath} to interface ${ifindex}`);
  });
  step(`add.pin.${hook}`, () => pin(link, join(folder, LINK_NAMES[hook])));
}

/** A kernel without tcx refuses with a bare EINVAL: what it can do is asked only then, and not on the way of every ADD. */
async function explain(error: unknown, operation: string): Promise<unknown> {
  const { probe, unsupported } = await import('../native/bpf/features.ts');
  return (await probe('tcx')) === 'no' ? unsupported(operation, 'tcx', error) : error;
}

/** Links that an earlier life of the attachment left are husks by now: their device is gone. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) mkdirSync(folder, { recursive: true });
    else if (hasErrno(error, 'EEXIST')) removePins(folder);
    else throw error;
  }
}

/** Removes an endpoint's pinned links and their folder. With the last pin a link ends, and the kernel detaches the program. */
export function removeLinks(folder: string): void {
  if (removePins(folder)) rmdirSync(folder);
}

/** False when there is no such folder. */
function removePins(folder: string): boolean {
  try {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
