import { setTimeout as sleep } from 'node:timers/promises';
import type { NetworkNamespace } from '../lab/namespace.ts';
import { diff, formatChanges } from '../snapshot/diff.ts';
import { type Snapshot, snapshot } from '../snapshot/snapshot.ts';
import { Deviation } from './verdict.ts';

/**
 * What the kernel makes by itself some time after an interface came up: IPv6 link-local addresses and the routes that come with them. An interface
 * that is left behind is seen without them.
 */
const LINK_LOCAL = /\b(fe80::|ff00::\/8)/;

/** A namespace, as far as a plugin may change it, without what comes and goes by itself. */
export function lookAt(where: NetworkNamespace, ignore?: RegExp): Promise<Snapshot> {
  return snapshot(where, { ignore: ignore === undefined ? LINK_LOCAL : new RegExp(`${LINK_LOCAL.source}|${ignore.source}`, ignore.flags) });
}

/** Deviation, with the list of differences, unless both are equal. */
export function mustEqual(before: Snapshot, after: Snapshot, what: string): void {
  const changes = diff(before, after);
  if (changes.length > 0) throw new Deviation(`${what}:\n${formatChanges(changes)}`);
}

/** How long the kernel may take for what it does behind a system call, such as the end of a namespace and the devices in it, in milliseconds. */
const SETTLING = 3000;

/** Like {@link mustEqual}, with some patience: the state that counts is the one that stays. */
export async function mustBecomeEqual(before: Snapshot, look: () => Promise<Snapshot>, what: string): Promise<void> {
  const deadline = performance.now() + SETTLING;
  let after = await look();
  while (diff(before, after).length > 0 && performance.now() < deadline) {
    await sleep(100);
    after = await look();
  }
  mustEqual(before, after, what);
}

/** What stays the same for so long has settled, in milliseconds. */
const CALM = 500;

/**
 * Waits until a state is as it was before, or does not change any more: a plugin may have the kernel end a device behind its answer, and a
 * state that still shows it is none to compare with.
 */
export async function settle(before: Snapshot, look: () => Promise<Snapshot>): Promise<void> {
  const deadline = performance.now() + SETTLING;
  let [last, since] = [await look(), performance.now()];
  while (diff(before, last).length > 0 && performance.now() < Math.min(deadline, since + CALM)) {
    await sleep(50);
    const next = await look();
    if (diff(last, next).length > 0) since = performance.now();
    last = next;
  }
}
