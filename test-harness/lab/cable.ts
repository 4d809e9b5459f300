import { openTap, setCarrier, Wire } from '../../native/harness/index.ts';
import type { Fd } from '../../native/index.ts';
import type { Machine } from './machine.ts';

/** What joins two interfaces. The interfaces are there, down and, where the cable can tell them, without carrier. */
export interface Cable {
  /** what carries the frames: the kernel, or a thread of this process that can take its time and pull the plug */
  readonly kind: 'veth' | 'relay';
  /** milliseconds; only a relay has it */
  setDelay?(delay: number, jitter: number): void;
  /** whether both ends see a carrier; only a relay can tell its ends */
  setCarrier?(on: boolean): void;
  /** Lets go of what this process holds; the interfaces of a relay go with it. */
  close(): void;
}

/** Where a cable goes: machine and interface name of each end. */
export interface CableEnds {
  readonly machines: readonly [Machine, Machine];
  readonly names: readonly [string, string];
  readonly mtu: number;
}

/** A veth pair whose ends are born in their namespaces, so that the real machine's own never sees them. */
export async function layVeth({ machines, names, mtu }: CableEnds): Promise<Cable> {
  using netlink = await machines[0].netlink();
  using netns = machines[1].netns();
  await netlink.links.create({ kind: 'veth', name: names[0], mtu, peer: { name: names[1], mtu, netns } });
  return { kind: 'veth', close: () => undefined };
}

/** Two TAP devices, each born in its namespace, and a thread that carries frames from one to the other. */
export async function layRelay({ machines, names, mtu }: CableEnds): Promise<Cable> {
  const taps: Fd[] = [];
  try {
    for (const [i, machine] of machines.entries()) taps.push(await tapIn(machine, names[i] ?? '', mtu));
    const [left, right] = taps as [Fd, Fd];
    return relay(taps, Wire.start(left, right));
  } catch (error) {
    for (const tap of taps) tap.close();
    throw error;
  }
}

async function tapIn(machine: Machine, name: string, mtu: number): Promise<Fd> {
  using netns = machine.netns();
  using netlink = await machine.netlink();
  const tap = await openTap(netns, name);
  await netlink.links.set((await netlink.links.get(name)).ifindex, { mtu });
  // a TAP device that never lost its carrier has the operational state `unknown` for ever (drivers/net/tun.c): the plug goes in later
  setCarrier(tap, false);
  return tap;
}

function relay(taps: readonly Fd[], wire: Wire): Cable {
  return {
    kind: 'relay',
    setDelay: (delay, jitter) => wire.set(delay, jitter),
    setCarrier: (on) => {
      for (const tap of taps) setCarrier(tap, on);
    },
    close: () => {
      wire.close();
      for (const tap of taps) tap.close();
    },
  };
}
