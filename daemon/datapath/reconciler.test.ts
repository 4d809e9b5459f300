import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silent } from '../log.ts';
import { type Item, Reconciler } from './reconciler.ts';

/** A value that others change, and that may refuse to be read or restored. */
class Fake implements Item {
  readonly name = 'sysctl net.x';
  value = 1;
  restores = 0;
  refusals = 0;
  blind = 0;
  isWanted = true;

  inspect(): string[] | undefined {
    if (!this.isWanted) return undefined;
    if (this.blind-- > 0) throw new Error('interrupted system call');
    return this.value === 1 ? [] : [`net.x is ${this.value}, not 1`];
  }

  restore(): void {
    if (this.refusals-- > 0) throw new Error('no buffer space available');
    this.restores++;
    this.value = 1;
  }
}

let item: Fake;
let reconciler: Reconciler;
beforeEach(() => {
  vi.useFakeTimers();
  item = new Fake();
  reconciler = new Reconciler(silent);
});
afterEach(() => {
  reconciler.close();
  vi.useRealTimers();
});

const change = async () => {
  item.value = 0;
  await reconciler.reconcile([item]);
};

describe('a reconciler', () => {
  it('restores what differs, and leaves alone what does not', async () => {
    await reconciler.reconcile([item]);
    expect(item.restores).toBe(0);
    await change();
    expect([item.value, item.restores]).toEqual([1, 1]);
    expect(reconciler.problems).toEqual([]);
  });

  it('tries again by itself what failed, and forgets the problem when the obstacle is gone', async () => {
    item.refusals = 3;
    await change();
    expect(reconciler.problems).toEqual(['restore sysctl net.x: no buffer space available (tried 1 times, will retry)']);
    await vi.advanceTimersByTimeAsync(100 + 200 + 400);
    expect([item.value, reconciler.problems]).toEqual([1, []]);
  });

  it('forgets an item that is wanted no more, also one that could not be restored for that reason', async () => {
    item.refusals = 1;
    await change();
    expect(reconciler.problems).toHaveLength(1);
    item.isWanted = false;
    await vi.advanceTimersByTimeAsync(100);
    expect([reconciler.problems, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('tries again by itself what it could not read', async () => {
    item.blind = 1;
    await change();
    expect(reconciler.problems).toEqual([expect.stringContaining('interrupted system call')]);
    await vi.advanceTimersByTimeAsync(100);
    expect([item.value, reconciler.problems]).toEqual([1, []]);
  });

  it('tries at least twice a minute for as long as the obstacle stays', async () => {
    item.refusals = Number.POSITIVE_INFINITY;
    const restore = vi.spyOn(item, 'restore');
    await change();
    await vi.advanceTimersByTimeAsync(600_000);
    const before = restore.mock.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(restore.mock.calls.length - before).toBe(2);
  });

  it('does not race with somebody who keeps changing it, and names it', async () => {
    for (let i = 0; i < 3; i++) await change();
    expect(item.restores).toBe(3);
    await change();
    expect(item.restores).toBe(3);
    expect(reconciler.problems).toEqual(['net.x is 0, not 1 (changed 4 times, will be restored in 1 s; find out who changes it)']);
    await vi.advanceTimersByTimeAsync(1000);
    expect([item.restores, reconciler.problems]).toEqual([4, []]);
    await change();
    await vi.advanceTimersByTimeAsync(1900);
    expect(item.restores).toBe(4);
    await vi.advanceTimersByTimeAsync(200);
    expect(item.restores).toBe(5);
  });

  it('begins anew with what nobody changed for ten seconds', async () => {
    for (let i = 0; i < 3; i++) await change();
    await vi.advanceTimersByTimeAsync(10_100);
    await change();
    expect([item.restores, reconciler.problems]).toEqual([4, []]);
  });

  it('stops trying what is wanted no more, and when it is closed', async () => {
    item.refusals = Number.POSITIVE_INFINITY;
    const restore = vi.spyOn(item, 'restore');
    await change();
    reconciler.forget(item.name);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([restore.mock.calls.length, reconciler.problems]).toEqual([1, []]);
    await change();
    reconciler.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(restore.mock.calls.length).toBe(2);
  });
});
