import { parseCidr, parseIp } from '../model/cidr.ts';
import { judged } from './schema/fields.ts';

/** What a pattern can say: the API server has no format for "IPv4 or IPv6". */
const LOOKS_LIKE_ADDRESS = '^[0-9a-fA-F.:]+(/[0-9]{1,3})?$';

/** An address without prefix length. */
export const ip = () => judged('an IPv4 or IPv6 address', (value) => parseIp(value) !== undefined, { pattern: LOOKS_LIKE_ADDRESS });

export const ipv4 = () => judged('an IPv4 address', (value) => parseIp(value)?.family === 4, { format: 'ipv4' });

export const ipv6 = () => judged('an IPv6 address', (value) => parseIp(value)?.family === 6, { format: 'ipv6' });

/** A network, with bits behind the prefix allowed: they count as zero. An address stands for itself, as Cilium up to 1.18 had it. */
export const cidr = () =>
  judged('a network such as 10.0.0.0/8', (value) => parseCidr(value) !== undefined, { pattern: LOOKS_LIKE_ADDRESS });

/** A network with its prefix length. */
export const prefix = () =>
  judged('a network such as 10.0.0.0/8', (value) => value.includes('/') && parseCidr(value) !== undefined, { format: 'cidr' });

/** A network from which blocks are cut: with a prefix length, without bits behind it, of one family. */
export const poolNetwork = (family: 4 | 6) =>
  judged(`an IPv${family} network such as ${family === 4 ? '10.0.0.0/8' : 'fd00::/104'}`, (value) => isPoolNetwork(family, value), {
    format: 'cidr',
  });

function isPoolNetwork(family: 4 | 6, text: string): boolean {
  const network = text.includes('/') ? parseCidr(text) : undefined;
  return network?.family === family && network.isExact;
}
