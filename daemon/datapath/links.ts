import { mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type Answer,
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
  using link = await createLink(options);
  pin(link, path);
}

/**
 * Refuses a kernel on which no program could be attached; asked before anything is made. Throws StartError when the probe said no: a kernel that
 * cannot be judged is tried.
 */
export function requireTcx(answer: Answer, kernel: string): void {
  if (answer !== 'no') return;
  throw new StartError(`start on Linux ${kernel}: it has no tcx links, which carry every program; axoneme needs Linux 6.6 or later`);
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
