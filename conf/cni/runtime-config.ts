import type { Reader } from './reader.ts';
import type { CniDns } from './types.ts';

/** What the runtime asks for this one container: capabilities (`runtimeConfig`) and `args`, capabilities first. */
export interface RuntimeConfig {
  /** Addresses asked for by name, with or without prefix length. */
  readonly ips: readonly string[];
  readonly mac?: string;
  /** Pool named by the pod's annotation `ipam.cilium.io/ip-pool`. */
  readonly pool?: string;
  readonly dns?: CniDns;
  /** The pod has ports of the node, which the portmap plugin behind us makes: its packets must meet netfilter both ways. */
  readonly hasHostPorts?: boolean;
}

/** Capability of containerd and CRI-O that carries the pod's annotations. */
const ANNOTATIONS = 'io.kubernetes.cri.pod-annotations';

const POOL_ANNOTATION = 'ipam.cilium.io/ip-pool';

/** Wishes that axoneme cannot grant: to ignore them would be worse than to refuse. By lower-case key, with what to do instead. */
const UNGRANTED = {
  bandwidth: 'put axoneme behind another main plugin, where the bandwidth plugin shapes',
  ipranges: 'name a pool',
  aliases: 'chain the dnsname plugin',
  deviceid: 'axoneme makes its devices itself',
  infinibandguid: 'axoneme makes Ethernet devices',
} as const;

/** What another plugin sees to, so that the wish is not lost. */
export interface Granted {
  /** The IPAM plugin reads `ipRanges` itself. */
  readonly ipRanges?: boolean;
  /** The bandwidth plugin, if there is one, meets the pod's packets. */
  readonly bandwidth?: boolean;
}

/** Reads `runtimeConfig` and `args.cni` of a configuration. Keys match in any case: containerd writes Go's field names. */
export function decodeRuntime(conf: Reader, granted: Granted = {}): RuntimeConfig {
  const runtime = conf.child('runtimeConfig').lowerCased();
  const seen = new Set(Object.entries(granted).flatMap(([key, on]) => (on ? [key.toLowerCase()] : [])));
  for (const [key, advice] of Object.entries(UNGRANTED)) {
    const value = runtime.value[key];
    if (seen.has(key)) continue;
    if (!isEmpty(value)) throw runtime.fail(key, value, `is not supported: ${advice}`, 'unsupported-field');
  }
  const args = conf.child('args').child('cni').lowerCased();
  const ips = runtime.strings('ips');
  const mac = runtime.optional('mac', 'string') || args.optional('mac', 'string');
  const pool = runtime.child(ANNOTATIONS).optional(POOL_ANNOTATION, 'string');
  const hasHostPorts = !isEmpty(runtime.value['portmappings']);
  const dns = decodeDns(runtime.child('dns').lowerCased());
  return {
    ips: ips.length > 0 ? ips : args.strings('ips'),
    ...(mac && { mac }),
    ...(pool && { pool }),
    ...(dns && { dns }),
    ...(hasHostPorts && { hasHostPorts }),
  };
}

/** The `dns` capability has names of its own (CONVENTIONS.md, "dns"): servers, searches, options. */
function decodeDns(reader: Reader): CniDns | undefined {
  const dns = { nameservers: reader.strings('servers'), search: reader.strings('searches'), options: reader.strings('options') };
  const given = Object.entries(dns).filter(([, values]) => values.length > 0);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}
