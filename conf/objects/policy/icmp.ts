import * as z from 'zod/mini';
import { choice, list, section } from '../schema/fields.ts';
import { type Report, rule } from '../schema/rules.ts';

/** ICMP types by name (IANA, "ICMP Parameters"), as policies spell them. */
export const ICMP_TYPES: Readonly<Record<string, number>> = {
  EchoReply: 0,
  DestinationUnreachable: 3,
  Redirect: 5,
  Echo: 8,
  EchoRequest: 8,
  RouterAdvertisement: 9,
  RouterSelection: 10,
  TimeExceeded: 11,
  ParameterProblem: 12,
  Timestamp: 13,
  TimestampReply: 14,
  Photuris: 40,
  ExtendedEchoRequest: 42,
  ExtendedEchoReply: 43,
};

/** ICMPv6 types by name (IANA, "ICMPv6 Parameters"), as policies spell them. */
export const ICMPV6_TYPES: Readonly<Record<string, number>> = {
  DestinationUnreachable: 1,
  PacketTooBig: 2,
  TimeExceeded: 3,
  ParameterProblem: 4,
  EchoRequest: 128,
  EchoReply: 129,
  MulticastListenerQuery: 130,
  MulticastListenerReport: 131,
  MulticastListenerDone: 132,
  RouterSolicitation: 133,
  RouterAdvertisement: 134,
  NeighborSolicitation: 135,
  NeighborAdvertisement: 136,
  RedirectMessage: 137,
  RouterRenumbering: 138,
  ICMPNodeInformationQuery: 139,
  ICMPNodeInformationResponse: 140,
  InverseNeighborDiscoverySolicitation: 141,
  InverseNeighborDiscoveryAdvertisement: 142,
  HomeAgentAddressDiscoveryRequest: 144,
  HomeAgentAddressDiscoveryReply: 145,
  MobilePrefixSolicitation: 146,
  MobilePrefixAdvertisement: 147,
  DuplicateAddressRequestCodeSuffix: 157,
  DuplicateAddressConfirmationCodeSuffix: 158,
  ExtendedEchoRequest: 160,
  ExtendedEchoReply: 161,
};

const field = section({
  family: z._default(choice('IPv4', 'IPv6'), 'IPv4'),
  type: z
    .union([z.int(), z.string()], { error: 'expected an ICMP type from 0 to 255 or its name' })
    .check(z.meta({ 'x-kubernetes-int-or-string': true })),
}).check(rule(checkType));

function checkType({ family, type }: Readonly<Record<string, unknown>>, report: Report): void {
  if (typeof type !== 'number' && typeof type !== 'string') return;
  if (icmpType(family === 'IPv6' ? 'IPv6' : 'IPv4', type) !== undefined) return;
  report(['type'], `expected an ICMP type from 0 to 255 or its name in ${String(family ?? 'IPv4')}, got ${JSON.stringify(type)}`);
}

/** The number of a type that a policy gives as number, as number in quotes or by name; undefined when there is none. */
export function icmpType(family: 'IPv4' | 'IPv6', type: number | string): number | undefined {
  const names = family === 'IPv6' ? ICMPV6_TYPES : ICMP_TYPES;
  const number =
    typeof type === 'number' ? type : /^[0-9]{1,3}$/.test(type) ? Number(type) : Object.hasOwn(names, type) ? names[type] : undefined;
  return number !== undefined && Number.isInteger(number) && number >= 0 && number <= 255 ? number : undefined;
}

/** ICMP messages of a rule, by type. */
export const icmps = () => list(section({ fields: list(field, { max: 40 }) }));
