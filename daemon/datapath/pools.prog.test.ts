import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Datapath } from '../../bpf/testing/datapath.ts';
import { Frame } from '../../bpf/testing/frame.ts';
import { deviceOf, neighbour, outside, self, sentBy } from '../../bpf/testing/world.ts';
import { parseConfig } from '../../conf/config/parse.ts';
import { formatAddress, parseCidr } from '../../ipam/index.ts';
import { addressBytes } from './address.ts';

/* Every address of a pool that the configuration accepts is one that every program forwards. */

const TC_ACT_REDIRECT = 7;
const ownMac = '00:00:00:00:00:00';

let pod: Datapath;
let network: Datapath;
let host: Datapath;
beforeAll(async () => {
  pod = await Datapath.load('axo_from_container');
  network = await Datapath.load('axo_from_netdev');
  host = await Datapath.load('axo_from_host');
});
afterAll(() => {
  for (const datapath of [pod, network, host]) datapath?.[Symbol.dispose]();
});

function isAccepted(family: 4 | 6, cidr: string): boolean {
  const key = `clusterPoolIPv${family}PodCIDRList`;
  try {
    parseConfig({
      ipv6: { enabled: true },
      ipam: { operator: { [key]: [cidr], [`clusterPoolIPv${family}MaskSize`]: family === 4 ? 28 : 124 } },
    });
    return true;
  } catch {
    return false;
  }
}

/** The pod under test has `address`; its neighbour asks for it, it asks its neighbour, and so do the outside and the node. */
function verdicts(family: 4 | 6, address: string): number[] {
  const key = { addr: addressBytes(address) };
  const template = pod.map('axo_endpoints').get({ addr: addressBytes(neighbour.ipv4) });
  if (template === undefined) throw new Error('the neighbour has no row');
  for (const datapath of [pod, network, host]) datapath.map('axo_endpoints').set(key, template);
  const own = deviceOf(self);
  const [theirs, far] = family === 4 ? [self.ipv4, outside.ipv4] : [self.ipv6, outside.ipv6];
  const ip = (frame: Frame, source: string, to: string) => (family === 4 ? frame.ip4(source, to) : frame.ip6(source, to)).udp(1, 2).bytes();
  const to = pod.run(ip(sentBy(self), theirs, address)).verdict;
  pod.map('axo_devices').set({ ifindex: self.ifindex }, { ...own, [family === 4 ? 'ipv4' : 'ipv6']: key.addr });
  const from = pod.run(ip(sentBy(self), address, family === 4 ? neighbour.ipv4 : neighbour.ipv6)).verdict;
  pod.map('axo_devices').set({ ifindex: self.ifindex }, own);
  const outer = network.run(ip(new Frame().eth('02:00:00:00:00:fe', ownMac), far, address)).verdict;
  const inner = host.run(ip(new Frame().eth(ownMac, ownMac), far, address)).verdict;
  for (const datapath of [pod, network, host]) datapath.map('axo_endpoints').delete(key);
  return [to, from, outer, inner];
}

const words = { 4: 0xffffffffn, 6: (1n << 128n) - 1n } as const;

describe.each([4, 6] as const)('pools of IPv%i', (family) => {
  const bits = family === 4 ? 32 : 128;
  /** Half of all first bytes are of the special networks or next to them. */
  const first = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 126, 127, 128, 169, 223, 224, 239, 240, 254, 255));
  const cidrs = fc.tuple(first, fc.bigInt(0n, words[family]), fc.integer({ min: 8, max: bits - 4 }), fc.bigInt(0n, words[family]));

  it('are forwarded, or refused by the configuration', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(cidrs, ([top, rest, length, inside]) => {
        const shift = BigInt(bits - length);
        const network = (((BigInt(top) << BigInt(bits - 8)) | (rest & (words[family] >> 8n))) >> shift) << shift;
        const cidr = `${formatAddress(family, network)}/${length}`;
        expect(parseCidr(cidr).first).toBe(network);
        if (!isAccepted(family, cidr)) {
          seen.refused++;
          return;
        }
        seen.accepted++;
        // The last address of an IPv4 block is its broadcast address, which no pod gets.
        const address = network | (inside & ((1n << shift) - 1n));
        const used = family === 4 && (address & 15n) === 15n ? address - 1n : address;
        expect(verdicts(family, formatAddress(family, used)), cidr).toEqual([7, 7, 7, 7].map(() => TC_ACT_REDIRECT));
      }),
      { numRuns: 500 },
    );
    expect(seen.accepted).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(10);
  });
});
