import { type Family, familyOf } from '../lab/address.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import type { ProbeResult } from './echo.ts';

export interface PingOptions {
  /** family of the target's address (default 4); not needed when the target is an address */
  readonly family?: Family;
  /** bytes of the whole IP packet, header included; 84 (IPv4) or 104 (IPv6) unless given */
  readonly packetSize?: number;
  /** IPv4: set the DF bit; both families: do not fragment at home either (IP_MTU_DISCOVER, ip(7)) */
  readonly dontFragment?: boolean;
  /** time to live, hop limit */
  readonly ttl?: number;
  /** milliseconds to wait for the answer (default 2000) */
  readonly timeout?: number;
  /** source address or interface */
  readonly source?: string;
}

/** The answer to an ICMP echo request. */
export interface PingResult extends ProbeResult {
  /** who sent an ICMP error instead of an answer */
  readonly errorFrom?: string;
  /** what ping(8) wrote */
  readonly output: string;
}

/** Bytes of an IP header without options and an ICMP echo header. */
const HEADERS = { 4: 28, 6: 48 } as const;

/** Sends one ICMP echo request with ping(8) of iputils and tells what came back. */
export async function ping(from: NetworkNamespace, to: NetworkNamespace | string, options: PingOptions = {}): Promise<PingResult> {
  const address = typeof to === 'string' ? to : await to.address(options.family ?? 4);
  const family = familyOf(address);
  const timeout = options.timeout ?? 2000;
  // the interval counts only when the kernel refuses the packet at home: ping(8) then tries once more
  const argv = ['ping', `-${family}`, '-n', '-c', '1', '-i', '0.2', '-W', `${timeout / 1000}`];
  if (options.packetSize !== undefined) argv.push('-s', `${options.packetSize - HEADERS[family]}`);
  if (options.dontFragment) argv.push('-M', 'do');
  if (options.ttl !== undefined) argv.push('-t', `${options.ttl}`);
  if (options.source !== undefined) argv.push('-I', options.source);
  const { code, stdout, stderr, duration } = await from.exec([...argv, address], { timeout: timeout + 2000 });
  return { duration, ...reading(code, stdout, stderr) };
}

function reading(code: number | null, stdout: string, stderr: string): Omit<PingResult, 'duration'> {
  const output = `${stdout}${stderr}`.trim();
  const time = /time=([\d.]+) ms/.exec(stdout)?.[1];
  if (code === 0 && time !== undefined) return { reached: true, output };
  const complaint = /^From (\S+?):? (?:icmp_seq=\d+ )?(.*)$/m.exec(stdout);
  const [, errorFrom, reason] = complaint ?? [];
  const home = /(?:local error: |sendmsg: |connect: )(.*)$/m.exec(output)?.[1];
  return { reached: false, reason: reason ?? home ?? 'timeout', output, ...(errorFrom === undefined ? {} : { errorFrom }) };
}

/**
 * The largest IP packet (bytes) that gets from one end to the other undivided, found as path MTU discovery finds it: a large packet with
 * fragmentation forbidden, and again after each "fragmentation needed" / "packet too big", which the kernel remembers. Undefined when
 * nothing gets through within `tries`.
 */
export async function pathMtu(
  from: NetworkNamespace,
  to: NetworkNamespace | string,
  options: PingOptions & { readonly linkMtu?: number; readonly tries?: number } = {},
): Promise<number | undefined> {
  const { linkMtu = 1500, tries = 5, ...rest } = options;
  let size = linkMtu;
  for (let i = 0; i < tries; i += 1) {
    const answer = await ping(from, to, { ...rest, packetSize: size, dontFragment: true });
    if (answer.reached) return size;
    const told = await learntMtu(from, typeof to === 'string' ? to : await to.address(rest.family ?? 4));
    if (told === undefined || told >= size) return undefined;
    size = told;
  }
  return undefined;
}

/** What the kernel of the sender has learnt of the way, from the ICMP errors that came back. ping(8) of iputils 2024 does not tell. */
async function learntMtu(from: NetworkNamespace, address: string): Promise<number | undefined> {
  using netlink = await from.netlink();
  return (await netlink.routes.lookup(address))?.mtu;
}
