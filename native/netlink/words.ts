/**
 * The words of iproute2 for numbers of the protocol, in both directions. An unknown number is kept as a number, so that nothing is lost.
 */

/** A table of words; the number behind each is ABI. */
export type Words = Readonly<Record<string, number>>;

/** A word of the table, or a number that it lacks. */
export type WordOf<T extends Words> = (keyof T & string) | number;

/** The number behind a word. */
export const numberOf = <T extends Words>(table: T, word: WordOf<T>): number => (typeof word === 'number' ? word : (table[word] ?? 0));

/** The word for a number, or the number itself. */
export function wordOf<T extends Words>(table: T, value: number): WordOf<T> {
  for (const word in table) if (table[word] === value) return word;
  return value;
}

/** include/uapi/linux/rtnetlink.h, rtm_protocol: who made a route. */
export const routeProtocols = {
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  ra: 9,
  zebra: 11,
  bird: 12,
  dhcp: 16,
  bgp: 186,
} as const;

/** include/uapi/linux/rtnetlink.h, rt_scope_t. */
export const scopes = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;

/** include/uapi/linux/rtnetlink.h, rtm_type. */
export const routeTypes = {
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;

/** include/uapi/linux/neighbour.h, NUD_*: what is known of a neighbour. */
export const neighbourStates = {
  none: 0,
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noarp: 0x40,
  permanent: 0x80,
} as const;

/** include/uapi/linux/if.h, RFC 2863 operational states. */
export const operStates = { unknown: 0, notpresent: 1, down: 2, lowerlayerdown: 3, testing: 4, dormant: 5, up: 6 } as const;

/** include/uapi/linux/if_link.h, enum in6_addr_gen_mode: where a link-local IPv6 address comes from. `none`: the kernel makes none. */
export const addrGenModes = { eui64: 0, none: 1, stable: 2, random: 3 } as const;

/** include/uapi/linux/if_link.h, XDP_ATTACHED_*. */
export const xdpModes = { none: 0, driver: 1, generic: 2, offload: 3, multi: 4 } as const;

/** include/uapi/linux/fib_rules.h, FR_ACT_*. */
export const ruleActions = { unspec: 0, lookup: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
