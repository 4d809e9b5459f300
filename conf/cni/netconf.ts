import type { AttachmentKey } from '../api/types.ts';
import { identifierProblem } from './env.ts';
import { CniError } from './errors.ts';
import { type JsonObject, Reader } from './reader.ts';
import { decodeResult } from './result.ts';
import { decodeRuntime, type RuntimeConfig } from './runtime-config.ts';
import type { CniCommand, CniDns, CniResult } from './types.ts';
import { type CniVersion, parseVersion } from './versions.ts';

/** The network configuration on stdin, parsed. */
export interface NetConf {
  readonly name: string;
  readonly version: CniVersion;
  /** Moves every path of the node; see `paths`. */
  readonly root?: string;
  /** `ipam.pool`: pool to take addresses from. */
  readonly pool?: string;
  /** `ipam.type`: the IPAM plugin that gives the addresses instead of the daemon. */
  readonly delegate?: string;
  /** Bytes of the IP packet; the node's when absent. */
  readonly mtu?: number;
  readonly dns?: CniDns;
  readonly runtime: RuntimeConfig;
  readonly prevResult?: CniResult;
  /** GC: exactly these attachments of the network are valid; undefined when the configuration does not say. */
  readonly validAttachments?: readonly AttachmentKey[];
}

/** Keys that axoneme understands or that the specification gives to every plugin (SPEC section 1, "Plugin configuration objects"). */
const KNOWN_KEYS = new Set([
  'cniVersion',
  'cniVersions',
  'name',
  'type',
  'capabilities',
  'runtimeConfig',
  'prevResult',
  'args',
  'dns',
  'ipam',
  'ipMasq',
  'disableCheck',
  'disableGC',
  'mtu',
  'root',
]);

/** Keys with this beginning are the specification's own, and newer ones may come. */
const RESERVED_PREFIX = 'cni.dev/';

/** Least MTU that IPv4 may have (RFC 791), and the largest that fits its length field. Node and family may demand more: the daemon's part. */
const MTU_RANGE = { min: 68, max: 65535 } as const;

/** Decodes stdin as UTF-8 JSON. Errors: `decode-failure`; a byte order mark or text behind the object is one. */
export function decodeJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new CniError('decode-failure', 'decode configuration on stdin: it is empty');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new CniError('decode-failure', 'decode configuration on stdin: not a JSON text in UTF-8', { cause });
  }
}

/**
 * Parses a configuration. Every verb demands an object, a `name` (`invalid-config`) and a version (`parseVersion`). ADD, CHECK and STATUS are strict
 * about the rest: an unknown key is `unsupported-field`, an ill-typed one `invalid-config`. DEL and GC look at nothing else but `root`: they must
 * succeed with whatever configuration is on disk by then.
 */
export function parseNetConf(value: unknown, command: CniCommand): NetConf {
  const reader = new Reader(value, '');
  const name = new Reader(value, '', 'invalid-config').optional('name', 'string') ?? '';
  if (name === '') throw new CniError('invalid-config', 'read name: the network configuration has none');
  const problem = identifierProblem(name);
  if (problem !== undefined) throw new CniError('invalid-config', `read name: ${JSON.stringify(name)} ${problem}`);
  const version = parseVersion(reader.value['cniVersion'] ?? undefined);
  const root = parseRoot(new Reader(value, '', 'invalid-config'));
  const base = { name, version, ...root };
  const nothing = { runtime: decodeRuntime(new Reader({}, '')), ...findDelegate(reader.value) };
  if (command === 'DEL') return { ...base, ...nothing };
  if (command === 'GC') return { ...base, ...nothing, ...parseAttachments(new Reader(value, '', 'invalid-config')) };
  return { ...base, ...parseStrictly(new Reader(value, '', 'invalid-config'), version) };
}

function parseStrictly(reader: Reader, version: CniVersion): Omit<NetConf, 'name' | 'version' | 'root'> {
  refuseUnknown(reader, KNOWN_KEYS);
  reader.optional('type', 'string');
  if (reader.optional('ipMasq', 'boolean'))
    throw reader.fail('ipMasq', true, 'is not supported: masquerading is a setting of the node', 'unsupported-field');
  const dns = reader.optional('dns', 'object');
  const previous = reader.optional('prevResult', 'object');
  const ipam = parseIpam(reader.child('ipam'));
  // Behind another main plugin packets go that plugin's way, and so past the bandwidth plugin's queues.
  return {
    ...ipam,
    ...parseMtu(reader),
    ...(dns && { dns }),
    ...(previous && { prevResult: decodeResult(previous, version) }),
    runtime: decodeRuntime(reader, { ipRanges: ipam.delegate !== undefined, bandwidth: previous !== undefined }),
  };
}

/** SPEC section 2, "GC"; the second key is the one that libcni 1.2 sent before the specification settled on the first. */
const VALID_ATTACHMENTS = ['cni.dev/valid-attachments', 'cni.dev/attachments'] as const;

/** Null is how Go writes an empty list: nothing is valid then. An absent key says nothing at all. */
function parseAttachments(reader: Reader): { validAttachments?: AttachmentKey[] } {
  const key = VALID_ATTACHMENTS.find((name) => Object.hasOwn(reader.value, name));
  if (key === undefined) return {};
  return {
    validAttachments: reader.list(key).map((one) => {
      const item = one.lowerCased();
      return { containerId: item.required('containerid', 'string'), ifname: item.required('ifname', 'string') };
    }),
  };
}

function refuseUnknown(reader: Reader, known: ReadonlySet<string>): void {
  for (const [key, value] of Object.entries(reader.value satisfies JsonObject)) {
    if (known.has(key) || key.startsWith(RESERVED_PREFIX)) continue;
    throw reader.fail(key, value, 'is not a key that axoneme knows', 'unsupported-field');
  }
}

/** With a type, everything else in `ipam` is that plugin's. */
function parseIpam(ipam: Reader): { pool?: string; delegate?: string } {
  const type = ipam.optional('type', 'string');
  if (type) {
    if (!isPluginName(type)) throw ipam.fail('type', type, 'is not the name of a plugin');
    return { delegate: type };
  }
  refuseUnknown(ipam, new Set(['pool', 'type']));
  const pool = ipam.optional('pool', 'string');
  return pool ? { pool } : {};
}

/** The delegate of a configuration that may have been changed to anything since ADD. */
function findDelegate(value: JsonObject): { delegate?: string } {
  const ipam: unknown = value['ipam'];
  const type: unknown = typeof ipam === 'object' && ipam !== null && 'type' in ipam ? ipam.type : undefined;
  return typeof type === 'string' && isPluginName(type) ? { delegate: type } : {};
}

/** SPEC section 4: a file name in CNI_PATH, never a path. */
function isPluginName(type: string): boolean {
  return type !== '' && type !== '.' && type !== '..' && !/[/\0]/.test(type);
}

function parseMtu(reader: Reader): { mtu?: number } {
  const mtu = reader.optional('mtu', 'number');
  if (!mtu) return {};
  if (mtu < MTU_RANGE.min || mtu > MTU_RANGE.max) throw reader.fail('mtu', mtu, `is outside ${MTU_RANGE.min} to ${MTU_RANGE.max}`);
  return { mtu };
}

/** Bytes that a socket's path (sun_path, linux/un.h) leaves in front of the daemon's. */
const ROOT_MAX = 107 - '/run/axoneme/axoneme.sock'.length;

function parseRoot(reader: Reader): { root?: string } {
  const root = reader.optional('root', 'string');
  if (!root) return {};
  if (!root.startsWith('/') || root.includes('\0')) throw reader.fail('root', root, 'is not an absolute path');
  const bytes = Buffer.byteLength(root);
  if (bytes > ROOT_MAX)
    throw reader.fail('root', root.slice(0, ROOT_MAX), `is longer than ${ROOT_MAX} bytes: the daemon's socket has no room`);
  return { root };
}
