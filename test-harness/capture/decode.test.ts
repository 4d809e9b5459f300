import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from './decode.ts';

/** Frames in the order of their fields; written by hand after the documents that decode.ts and icmp.ts name. */
const hex = (...parts: string[]) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');
const ETHERNET = '0200000000bb 0200000000aa';
const ipv4 = (protocol: string, payload: string, fragment = '4000') => {
  const total = (20 + payload.replaceAll(' ', '').length / 2).toString(16).padStart(4, '0');
  return `0800 4500 ${total} 0001 ${fragment} 40${protocol} 0000 0a000001 0a000002 ${payload}`;
};
const ipv6 = (next: string, payload: string) => {
  const size = (payload.replaceAll(' ', '').length / 2).toString(16).padStart(4, '0');
  return `86dd 60000000 ${size} ${next}40 fd000000000000000000000000000001 fd000000000000000000000000000002 ${payload}`;
};
const ARP = `0806 0001 0800 06 04 0001 0200000000aa 0a000001 000000000000 0a000002`;
const TCP_SYN = '9c40 1f90 00000005 00000000 5002 ffff 0000 0000';
const TCP_DATA = '9c40 1f90 00000006 00000009 5018 ffff 0000 0000 68690a';
const UDP = '1000 0035 000c 0000 01020304';
const QUOTE4 = '4500 0040 0001 4000 4011 0000 0a000002 0a000001 0035 1000 000c 0000';
const QUOTE6 = '60000000 0014 0640 fd000000000000000000000000000002 fd000000000000000000000000000001 1f90 9c40 00000000';
const TARGET = 'fe80000000000000000000000000000a';

const summaries: readonly (readonly [what: string, frame: string, summary: string])[] = [
  ['an ARP request', ARP, 'ARP who has 10.0.0.2? tell 10.0.0.1 (02:00:00:00:00:aa)'],
  ['an ARP answer', ARP.replace('04 0001', '04 0002'), 'ARP 10.0.0.1 is at 02:00:00:00:00:aa'],
  ['a TCP SYN', ipv4('06', TCP_SYN), '10.0.0.1:40000 → 10.0.0.2:8080 TCP [S] seq 5 len 0'],
  ['TCP data over IPv6', ipv6('06', TCP_DATA), '[fd00::1]:40000 → [fd00::2]:8080 TCP [P.] seq 6 ack 9 len 3'],
  ['UDP', ipv4('11', UDP), '10.0.0.1:4096 → 10.0.0.2:53 UDP len 4'],
  ['UDP with a VLAN tag', `8100 0007 ${ipv4('11', UDP)}`, 'vlan 7 10.0.0.1:4096 → 10.0.0.2:53 UDP len 4'],
  ['an echo request', ipv4('01', '0800 0000 1234 0001'), '10.0.0.1 → 10.0.0.2 ICMP echo request id 4660 seq 1'],
  [
    'port unreachable',
    ipv4('01', `0303 0000 00000000 ${QUOTE4}`),
    '10.0.0.1 → 10.0.0.2 ICMP port unreachable (about udp 10.0.0.2:53 → 10.0.0.1:4096)',
  ],
  [
    'fragmentation needed',
    ipv4('01', `0304 0000 0000 0514 ${QUOTE4}`),
    '10.0.0.1 → 10.0.0.2 ICMP fragmentation needed, mtu 1300 (about udp 10.0.0.2:53 → 10.0.0.1:4096)',
  ],
  ['an ICMPv6 echo reply', ipv6('3a', '8100 0000 1234 0002'), 'fd00::1 → fd00::2 ICMPv6 echo reply id 4660 seq 2'],
  [
    'packet too big',
    ipv6('3a', `0200 0000 00000500 ${QUOTE6}`),
    'fd00::1 → fd00::2 ICMPv6 packet too big, mtu 1280 (about tcp [fd00::2]:8080 → [fd00::1]:40000)',
  ],
  [
    'a neighbour solicitation',
    ipv6('3a', `8700 0000 00000000 ${TARGET} 0101 0200000000aa`),
    'fd00::1 → fd00::2 ND who has fe80::a, from 02:00:00:00:00:aa',
  ],
  [
    'a neighbour advertisement',
    ipv6('3a', `8800 0000 60000000 ${TARGET} 0201 0200000000bb`),
    'fd00::1 → fd00::2 ND fe80::a is at 02:00:00:00:00:bb (solicited override)',
  ],
  ['a listener report behind an option', ipv6('00', '3a00 05020000 0100 8f00 0000 0000 0000'), 'fd00::1 → fd00::2 MLD report'],
  ['a later fragment', ipv4('11', '01020304', '00b9'), '10.0.0.1 → 10.0.0.2 IPv4 fragment at 1480 len 4'],
  ['a first fragment', ipv4('11', UDP, '2000'), '10.0.0.1:4096 → 10.0.0.2:53 UDP len 4 (first fragment)'],
  ['an IPv6 fragment', ipv6('2c', '1100 05a8 00000001 01020304'), 'fd00::1 → fd00::2 IPv6 fragment at 1448 len 4'],
  ['an unknown EtherType', '88cc 0102', '02:00:00:00:00:aa → 02:00:00:00:00:bb EtherType 0x88cc len 2'],
  ['GRE', ipv4('2f', '0000 0800'), '10.0.0.1 → 10.0.0.2 IP protocol 47 len 4'],
];

describe('one line', () => {
  it.each(summaries)('tells %s', (_, frame, summary) => {
    expect(decodeFrame(hex(ETHERNET, frame), true).summary).toBe(summary);
  });

  it('begins with IP where a device has no link layer', () => {
    const packet = hex(ipv6('06', TCP_SYN).replace('86dd', ''));
    expect(decodeFrame(packet, false)).toMatchObject({ protocol: 'tcp', source: 'fd00::1', destinationPort: 8080, flags: 'S' });
  });

  it('comes of any bytes, also of every packet above cut short anywhere', () => {
    for (const [, frame] of summaries) {
      const whole = hex(ETHERNET, frame);
      for (let size = 0; size < whole.length; size += 1) expect(decodeFrame(whole.subarray(0, size), true).summary).not.toBe('');
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (bytes, ethernet) => decodeFrame(bytes, ethernet).summary !== ''),
    );
  });
});
