import { mkdirSync, readdirSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import {
  type AttachType,
  createLink,
  type Fd,
  getPinned,
  type LinkInfo,
  linkInfo,
  pin,
  programInfo,
  updateLink,
} from '../../native/index.ts';
import { hasErrno, StartError } from '../failure.ts';
import { removeAll } from '../files.ts';

/** A program at a hook of a device, held there by a link that is pinned. */
export interface LinkSpec {
  /** Where the link is pinned. */
  readonly path: string;
  readonly ifindex: number;
  readonly attachType: AttachType;
  readonly program: Fd;
}

/** What `ensureLink` had to do. */
export type LinkOutcome = 'kept' | 'updated' | 'created';

/** Information about the link pinned at `path`; undefined when nothing is pinned there. */
export function pinnedLinkInfo(path: string): LinkInfo | undefined {
  try {
    using link = getPinned(path);
    return linkInfo(link);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** What is wrong with a pinned link, or undefined. A link whose device is gone, or that was detached, has ifindex 0. */
export function linkProblem(spec: LinkSpec, name: string): string | undefined {
  const info = pinnedLinkInfo(spec.path);
  if (info === undefined) return `link ${name} is not pinned`;
  if (info.ifindex === 0) return `link ${name} is detached`;
  if (info.ifindex !== spec.ifindex) return `link ${name} is on device ${info.ifindex}, not ${spec.ifindex}`;
  if (info.attachType !== spec.attachType) return `link ${name} is at hook ${info.attachType}, not ${spec.attachType}`;
  const { id } = programInfo(spec.program);
  return info.programId === id ? undefined : `link ${name} runs program ${info.programId}, not ${id}`;
}

/**
 * Makes the device run the program: keeps a link that is right, swaps the program of one that is live without a gap for the traffic,
 * replaces one that is dead, creates and pins a missing one.
 */
export async function ensureLink(spec: LinkSpec): Promise<LinkOutcome> {
  const info = pinnedLinkInfo(spec.path);
  if (info !== undefined && info.ifindex === spec.ifindex && info.attachType === spec.attachType) {
    if (info.programId === programInfo(spec.program).id) return 'kept';
    using link = getPinned(spec.path);
    await updateLink(link, spec.program);
    return 'updated';
  }
  removeAll(spec.path);
  await attach(spec);
  return 'created';
}

async function attach({ path, ...options }: LinkSpec): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  using link = await createLink(options).catch((error: unknown) => {
    throw explainAttach(error, release());
  });
  pin(link, path);
}

/** An old kernel refuses the attach type as an invalid argument (bpf_prog_get..., kernel/bpf/syscall.c); the message should name the cause. */
export function explainAttach(error: unknown, kernel: string): unknown {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  if (!hasErrno(error, 'EINVAL', 'EOPNOTSUPP') || major > 6 || (major === 6 && minor >= 6)) return error;
  return new StartError(`attach programs: this kernel (${kernel}) has no tcx links; axoneme needs Linux 6.6 or later`, error);
}

/** Names below `folder`, empty when there is no such folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
