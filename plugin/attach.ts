import { mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import type { EndpointPlan } from '../conf/api/types.ts';
import { LINK_NAMES } from '../conf/names.ts';
import { AttachType } from '../native/bpf/constants.ts';
import { createLink } from '../native/bpf/link.ts';
import { getPinned, pin } from '../native/bpf/pin.ts';
import { hasErrno, Unsupported } from '../native/errors.ts';

/** First kernel with tcx (commit e420bed02507, "bpf: Add fd-based tcx multi-prog infra with link support"). */
const TCX_SINCE = '6.6';

/**
 * Attaches the shared programs to both hooks of a pod's host side, and pins the links: they hold the programs there when plugin and daemon are
 * gone. The two attaches wait for the kernel side by side.
 */
export async function attachPrograms(attach: EndpointPlan['attach'], hostIfindex: number): Promise<void> {
  makeFolder(attach.links);
  try {
    await Promise.all([
      attachOne(attach.fromContainer, hostIfindex, AttachType.tcxIngress, join(attach.links, LINK_NAMES.ingress)),
      attachOne(attach.toContainer, hostIfindex, AttachType.tcxEgress, join(attach.links, LINK_NAMES.egress)),
    ]);
  } catch (error) {
    removeLinks(attach.links);
    throw error;
  }
}

async function attachOne(programPath: string, ifindex: number, attachType: AttachType, linkPath: string): Promise<void> {
  using program = getPinned(programPath);
  using link = await createLink({ program, ifindex, attachType }).catch((error: unknown) => {
    throw isTooOld(release())
      ? new Unsupported(`attach ${programPath} to interface ${ifindex}`, 'tcx', TCX_SINCE, { cause: error })
      : error;
  });
  pin(link, linkPath);
}

/** Whether a kernel release (uname(2): `6.1.0-13-amd64`) is older than tcx: it refuses the attach with a bare EINVAL. */
export function isTooOld(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number.parseFloat);
  const [sinceMajor = 0, sinceMinor = 0] = TCX_SINCE.split('.').map(Number);
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
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
