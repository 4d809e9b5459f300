import { sys } from './binding.ts';
import { calling } from './errors.ts';
import { formatMac } from './netlink/text.ts';

/** IFF_UP (linux/if.h). */
const IFF_UP = 1;

/** An interface of the process's own namespace. */
export interface Interface {
  readonly name: string;
  readonly up: boolean;
  readonly mac: string;
  /** Bytes of the layer-3 packet. */
  readonly mtu: number;
}

/**
 * The interface with this index, or undefined. Answers immediately, even while another process holds RTNL during a grace period: a
 * question by netlink would queue behind them, and take a thread. Throws SyscallError.
 */
export function interfaceAt(ifindex: number): Interface | undefined {
  const found = calling(`get interface ${ifindex}`, () => sys().interfaceGet(ifindex));
  return found && { name: found.name, up: (found.flags & IFF_UP) !== 0, mac: formatMac(found.mac), mtu: found.mtu };
}
