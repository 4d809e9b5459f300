import type { Frame } from './frame.ts';
import type { TestPod } from './world.ts';
import { nobody, node, outside, receivedBy, router, self, sentBy } from './world.ts';

/** What differs between the families, so that one table of tests serves both. */
export interface TestFamily {
  readonly name: 'IPv4' | 'IPv6';
  readonly of: (ends: { readonly ipv4: string; readonly ipv6: string }) => string;
  /** An IP header; `hops` is the TTL or hop limit. IPv4 says "don't fragment". */
  readonly ip: (frame: Frame, source: string, destination: string, hops?: number) => Frame;
  readonly icmp: Readonly<Record<'timeExceeded' | 'tooBig' | 'unreachable' | 'prohibited', readonly [type: number, code: number]>>;
  /** The header of an ICMP error that we send. */
  readonly errorHeader: (frame: Frame, source: string, destination: string) => Frame;
}

const ipv4: TestFamily = {
  name: 'IPv4',
  of: (ends) => ends.ipv4,
  ip: (frame, source, destination, hops = 64) => frame.ip4(source, destination, { ttl: hops, dontFragment: true }),
  icmp: { timeExceeded: [11, 0], tooBig: [3, 4], unreachable: [3, 1], prohibited: [3, 13] },
  errorHeader: (frame, source, destination) => frame.ip4(source, destination, { tos: 0xc0 }),
};

const ipv6: TestFamily = {
  name: 'IPv6',
  of: (ends) => ends.ipv6,
  ip: (frame, source, destination, hops = 64) => frame.ip6(source, destination, { hopLimit: hops }),
  icmp: { timeExceeded: [3, 0], tooBig: [2, 0], unreachable: [1, 3], prohibited: [1, 1] },
  errorHeader: (frame, source, destination) => frame.ip6(source, destination),
};

export const families = [ipv4, ipv6];

/** Sentences of one family: packets of the pod under test and what becomes of them. */
export function talk(family: TestFamily) {
  const { of, ip } = family;
  const own = of(self);
  return {
    own,
    router: of(router),
    node: of(node),
    nobody: of(nobody),
    outside: of(outside),
    to: (destination: string, hops?: number) => ip(sentBy(self), own, destination, hops),
    /** The same packet as `pod` gets it, one hop later. */
    arrives: (pod: TestPod, source: string, hops = 63) => ip(receivedBy(pod), source, of(pod), hops),
    /** An error from our router to the pod under test, about `about`. */
    error: (kind: keyof TestFamily['icmp'], about: Frame, info = 0) =>
      family
        .errorHeader(receivedBy(self), of(router), own)
        .icmp(...family.icmp[kind], info)
        .payload(about.quote()),
  };
}
