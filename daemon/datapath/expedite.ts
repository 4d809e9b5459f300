import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from '../../conf/step.ts';
import { messageOf } from '../failure.ts';
import { readIfThere, removeAll, writeWhole } from '../files.ts';
import type { Logger } from '../log.ts';

/**
 * What we set the knob to. To the kernel every value but 0 is the same (`rcu_gp_is_expedited`, kernel/rcu/update.c), and it gives back the very number
 * (`rcu_expedited_show`, kernel/ksysfs.c): one that nobody else writes tells whether the knob is still ours. "axo" in ASCII.
 */
export const OURS = String(0x61786f);
/** What versions before set it to. */
const FORMER = '1';

/** No ADD needs longer between its device and its last attach, no DEL and no batch of deletions that long. */
const LONGEST_MS = 1000;

/** The time in which attaching a program and deleting devices do not wait for whole RCU grace periods. One per endpoint, and 0 for the reaper; they nest. */
export interface GraceWindow {
  open(id: number): void;
  close(id: number): void;
}

export interface ExpediteParts {
  /** `/sys/kernel/rcu_expedited` (kernel/ksysfs.c): anything but 0 makes every grace period an expedited one. */
  readonly knob: string;
  /** Where the value before ours is kept, so that the next start can restore it after a kill. */
  readonly saved: string;
  readonly log: Logger;
}

/**
 * The expedited window.
 *
 * Attaching a tcx link waits for one RCU grace period under RTNL: 13.6 ms on an idle machine of 250 Hz, 0.1 ms when grace periods are
 * expedited. Deleting a device with its links waits for several of them. So the knob is set while a pod's links are being attached, its device
 * buried, or a batch of devices deleted, and only then: windows nest, the last one to close writes the old value back, none stays open longer
 * than a second. A machine whose knob is set already is left alone, and so is a value that somebody sets meanwhile. What else was measured: decision 0056.
 */
export class ExpediteWindow implements GraceWindow {
  readonly #parts: ExpediteParts;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  #raised = false;
  /** What was there before us, while the window is open. */
  #before: string | undefined;

  constructor(parts: ExpediteParts) {
    this.#parts = parts;
    this.#restore([OURS, FORMER]);
  }

  /** Opens the window for an endpoint; it closes by itself after a second. */
  open(id: number): void {
    clearTimeout(this.#timers.get(id));
    const timer = setTimeout(() => this.close(id), LONGEST_MS);
    timer.unref();
    this.#timers.set(id, timer);
    if (!this.#raised) this.#raise();
  }

  /** Closes an endpoint's window; one that is not open is fine. */
  close(id: number): void {
    clearTimeout(this.#timers.get(id));
    if (this.#timers.delete(id) && this.#timers.size === 0) this.#restore([OURS]);
  }

  /** Closes every window. */
  closeAll(): void {
    for (const id of [...this.#timers.keys()]) this.close(id);
  }

  #raise(): void {
    try {
      const before = readFileSync(this.#parts.knob, 'utf8').trim();
      if (before !== '0') return;
      step('window.save', () => writeWhole(this.#parts.saved, before));
      this.#before = before;
      step('window.raise', () => writeFileSync(this.#parts.knob, OURS));
      this.#raised = true;
    } catch (error) {
      this.#parts.log.debug({ error: messageOf(error) }, 'expedited grace periods are not to be had');
    }
  }

  /** Writes back what was there before us, in this life or the last, if the knob still has one of the values `ours`. */
  #restore(ours: readonly string[]): void {
    this.#raised = false;
    try {
      const before = this.#before ?? readIfThere(this.#parts.saved);
      this.#before = undefined;
      if (before === undefined) return;
      const isOurs = ours.includes(readFileSync(this.#parts.knob, 'utf8').trim());
      if (isOurs) step('window.restore', () => writeFileSync(this.#parts.knob, before));
      step('window.forget', () => removeAll(this.#parts.saved));
    } catch (error) {
      this.#parts.log.warn({ error: messageOf(error) }, 'restoring rcu_expedited failed');
    }
  }
}

/** A window that never opens: every attach waits its grace period. */
export const closedWindow: GraceWindow & { closeAll(): void } = { open() {}, close() {}, closeAll() {} };

/**
 * Why the window must stay shut on this machine, or undefined when it may open. An expedited grace period interrupts every CPU that
 * runs; who isolated CPUs did so to keep such interrupts away (`isolcpus=`, `nohz_full=`: Documentation/admin-guide/kernel-parameters). With
 * rcu_normal set, as on real-time kernels, the knob means nothing (`rcu_gp_is_normal`, kernel/rcu/update.c).
 */
export function expediteObstacle(root: string, cmdline: string): string | undefined {
  const isolation = cmdline.split(/\s+/).find((word) => /^(isolcpus|nohz_full)=/.test(word));
  if (isolation !== undefined) return `the machine isolates CPUs (${isolation})`;
  if (!existsSync(join(root, 'sys/kernel/rcu_expedited'))) return 'the kernel has no rcu_expedited';
  if (readIfThere(join(root, 'sys/kernel/rcu_normal'))?.trim() === '1') return 'the kernel expedites nothing (rcu_normal)';
  return undefined;
}
