import { Address4, Address6 } from 'ip-address';
import * as z from 'zod/mini';
import type { DaemonConfig } from './types.ts';

/** A schema with the sentence that the JSON Schema and the documentation show. */
function told<T extends z.ZodMiniType>(description: string, schema: T): T {
  z.globalRegistry.add(schema, { description });
  return schema;
}

const boolean = () => {
  const word = z.pipe(
    z.enum(['true', 'false']),
    z.transform((text) => text === 'true'),
  );
  return z.union([z.boolean(), word], { error: 'expected true or false' });
};

/** Whole numbers; Helm's users quote them now and then. */
const integer = (minimum: number, maximum: number, what = 'a whole number') => {
  const error = `expected ${what} from ${minimum} to ${maximum}`;
  const range = [z.gte(minimum, { error }), z.lte(maximum, { error })] as const;
  const text = z.pipe(z.string().check(z.regex(/^\d+$/)), z.pipe(z.transform(Number), z.int().check(...range)));
  return z.union([z.int().check(...range), text], { error });
};

/** A list, or one string with its entries separated by spaces or commas. */
const list = (what: string, isEntry: (text: string) => boolean) => {
  const error = `expected ${what}, or a list of them`;
  const entry = z.string().check(z.refine(isEntry, { error: `expected ${what}` }));
  const text = z.pipe(
    z.string(),
    z.transform((value) => value.split(/[\s,]+/).filter((part) => part !== '')),
  );
  return z.union([z.array(entry), z.pipe(text, z.array(entry))], { error });
};

const section = <T extends z.core.$ZodLooseShape>(shape: T) => z.strictObject(shape, { error: 'expected keys and values' });

const cidrs4 = () => list('an IPv4 network such as 10.0.0.0/8', (text) => isNetwork(text, 4));
const cidrs6 = () => list('an IPv6 network such as fd00::/104', (text) => isNetwork(text, 6));

const pool = section({
  ipv4: z.optional(section({ cidrs: cidrs4(), maskSize: integer(1, 32, 'a prefix length') })),
  ipv6: z.optional(section({ cidrs: cidrs6(), maskSize: integer(1, 128, 'a prefix length') })),
});

const operator = section({
  clusterPoolIPv4PodCIDRList: told('IPv4 networks of the pool of mode cluster-pool.', z.optional(cidrs4())),
  clusterPoolIPv4MaskSize: told(
    'Prefix length of the IPv4 block that a node takes at a time.',
    z.optional(integer(1, 32, 'a prefix length')),
  ),
  clusterPoolIPv6PodCIDRList: told('IPv6 networks of the pool of mode cluster-pool.', z.optional(cidrs6())),
  clusterPoolIPv6MaskSize: told(
    'Prefix length of the IPv6 block that a node takes at a time.',
    z.optional(integer(1, 128, 'a prefix length')),
  ),
  autoCreateCiliumPodIPPools: told(
    'Pools of mode multi-pool by name, each `{ipv4: {cidrs, maskSize}, ipv6: {cidrs, maskSize}}`.',
    z.optional(z.record(z.string(), pool, { error: 'expected pools by name' })),
  ),
});

const ipam = section({
  mode: told('Where addresses come from.', z.optional(choice('cluster-pool', 'multi-pool'))),
  operator: z.optional(operator),
  excludedAddresses: told(
    'Addresses, networks and ranges a-b that no pod gets (key of axoneme).',
    z.optional(list('an address, a network or a range a-b', isExclusion)),
  ),
  maxBlocksPerNode: told(
    'Blocks that this node may hold per pool and family; 0 for no bound (key of axoneme).',
    z.optional(integer(0, 65536)),
  ),
});

const bpf = section({
  datapathMode: told(
    'Kind of the device pair of a pod; auto: netkit where the kernel has it (6.7), else veth.',
    z.optional(choice('veth', 'netkit', 'netkit-l2', 'auto')),
  ),
  monitorAggregation: told('How many trace events a connection makes.', z.optional(choice('none', 'low', 'medium', 'maximum'))),
  enableTCX: told('Attach programs by tcx links where the kernel has them, not by tc filters.', z.optional(boolean())),
  expediteAttach: told('Let the kernel hurry its grace periods while programs are attached (key of axoneme).', z.optional(boolean())),
});

/** What a configuration file may say. Keys that it leaves out are in `defaults.ts`; keys of the chart that we only know by name in `chart.ts`. */
export const configSchema = section({
  ipam: z.optional(ipam),
  ipv4: z.optional(section({ enabled: told('Give pods IPv4 addresses.', z.optional(boolean())) })),
  ipv6: z.optional(section({ enabled: told('Give pods IPv6 addresses.', z.optional(boolean())) })),
  bpf: z.optional(bpf),
  routingMode: told('How packets reach other nodes.', z.optional(choice('native'))),
  devices: told(
    'Native devices; a trailing + stands for any ending. Empty: found by their routes.',
    z.optional(list('a device name', isDevice)),
  ),
  MTU: told('Bytes of an IP packet from a pod; 0: that of the native devices.', z.optional(integer(0, 65535))),
  debug: z.optional(section({ enabled: told('Log at level debug.', z.optional(boolean())) })),
});

/** The result of the schema is the configuration, less what the file leaves out. */
export type FileConfig = z.infer<typeof configSchema>;

function choice<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `expected ${values.join(', ')}`.replace(/, ([^,]+)$/, ' or $1') });
}

/** Bits after the prefix must be zero, as `ipam` demands. */
function isNetwork(text: string, family: 4 | 6): boolean {
  const kind = family === 4 ? Address4 : Address6;
  if (!text.includes('/') || text.includes('%') || !kind.isValid(text)) return false;
  const address = new kind(text);
  return address.bigInt() === address.startAddress().bigInt();
}

function isExclusion(text: string): boolean {
  return text.split('-').every((part) => Address4.isValid(part) || Address6.isValid(part));
}

/** Linux: up to 15 bytes, no slash, no space (`dev_valid_name` in net/core/dev.c). */
function isDevice(text: string): boolean {
  return /^[^\s/:]{1,15}$/.test(text);
}

/** Holds the schema to the type at compile time: every key of one is a key of the other. */
type SameKeys<A, B> = [keyof A, keyof B] extends [keyof B, keyof A] ? true : never;
export const keysAgree: SameKeys<Required<FileConfig>, DaemonConfig> = true;
