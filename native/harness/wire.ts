import { awaiting, calling } from '../errors.ts';
import { Fd } from '../fd.ts';
import type { Netns } from '../netns.ts';
import { harness, type WireHandle } from './addon.ts';

/**
 * Makes a TAP device in `ns`, down and without address, and answers with the descriptor that is its other side: frames go in and out there with a
 * virtio header in front (IFF_VNET_HDR, linux/if_tun.h). The device goes when the last descriptor is closed. Throws SyscallError: ENOENT without
 * /dev/net/tun, EBUSY when the name is taken.
 */
export async function openTap(ns: Netns, name: string): Promise<Fd> {
  return Fd.adopt(await awaiting(`make tap ${name} in ${ns.path}`, () => harness().tapOpen(ns.use(), name)), `tap ${name} in ${ns.path}`);
}

/** Plugs the cable of a TAP device in or pulls it out (TUNSETCARRIER, kernel 5.0). Throws SyscallError. */
export function setCarrier(tap: Fd, on: boolean): void {
  calling(`set carrier of ${tap.what}`, () => harness().tapCarrier(tap.use(), on));
}

const NS_PER_MS = 1e6;

/**
 * A cable between two TAP devices that delivers every frame, in order, after a delay. A thread of its own carries them (precision some 0.1 ms on
 * a processor that is not overloaded); at most 4096 frames are under way in each direction, more are lost.
 */
export class Wire {
  readonly #handle: WireHandle;

  private constructor(handle: WireHandle) {
    this.#handle = handle;
  }

  /** Starts carrying at once, without delay. Keeps the devices alive by descriptors of its own. Throws SyscallError. */
  static start(left: Fd, right: Fd): Wire {
    return new Wire(calling(`join ${left.what} and ${right.what}`, () => harness().wireStart(left.use(), right.use())));
  }

  /** Milliseconds each way from now on: evenly spread over `delay` ± `jitter`. Frames under way keep their time. */
  set(delay: number, jitter = 0): void {
    harness().wireSet(this.#handle, Math.round(delay * NS_PER_MS), Math.round(jitter * NS_PER_MS));
  }

  /** Stops; what is under way is lost. Safe to call twice. */
  close(): void {
    harness().wireStop(this.#handle);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
