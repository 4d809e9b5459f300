import { endianness } from 'node:os';
import type { Environment } from '../../conf/cni/env.ts';

/*
 * What launcher and daemon say to each other; the other side is plugin/launcher/daemon.c. Integers are in the machine's own order: both ends
 * are on it.
 *
 * 1. launcher: one message of at most REQUEST_MAX bytes, which the kernel keeps in one piece: a header (magic, version, parts, size of the
 *    environment), the variables that begin with CNI_ or AXONEME_, each with a closing zero; with it the descriptors: stdin as a sealed memory
 *    file, then those that `parts` tells of.
 * 2. daemon: one byte, TAKEN or DECLINED. Nothing has been done before it is in the launcher's queue.
 * 3. daemon: exit status, size of stdout, size of stderr, then both.
 *
 * A connection that ends is a word too: before 2, the daemon has done nothing; after it, whoever ended it is gone.
 */

const LITTLE = endianness() === 'LE';
/** "ACNI" in memory on a little-endian machine. */
const MAGIC = 0x494e4341;
/** A daemon declines every other one; the launcher goes to the cold executable then. */
export const PROTOCOL_VERSION = 1;
const HEADER_SIZE = 12;
export const REQUEST_MAX = 32 * 1024;

export const TAKEN = Uint8Array.of('T'.charCodeAt(0));
export const DECLINED = Uint8Array.of('D'.charCodeAt(0));

/** Descriptors of the pod, in the order in which they come. */
const PARTS = ['netns', 'route', 'sysctl'] as const;
export type Part = (typeof PARTS)[number];

/** The first message, decoded. */
export interface CallHeader {
  readonly version: number;
  readonly parts: readonly Part[];
  readonly env: Environment;
  /** The same as it came. */
  readonly environment: Uint8Array;
}

/** Undefined for what is no whole message of this protocol. Of another version nothing but the version is known. */
export function decodeRequest(data: Uint8Array): CallHeader | undefined {
  if (data.length < HEADER_SIZE) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (view.getUint32(0, LITTLE) !== MAGIC) return undefined;
  const version = view.getUint16(4, LITTLE);
  if (version !== PROTOCOL_VERSION) return { version, parts: [], env: {}, environment: new Uint8Array() };
  if (view.getUint32(8, LITTLE) !== data.length - HEADER_SIZE) return undefined;
  const bits = view.getUint16(6, LITTLE);
  const environment = data.subarray(HEADER_SIZE);
  return { version, parts: PARTS.filter((_, bit) => (bits & (1 << bit)) !== 0), env: decodeEnvironment(environment), environment };
}

/** Names may come twice; the first one counts, as for getenv(3). */
function decodeEnvironment(bytes: Uint8Array): Environment {
  const env: Record<string, string> = Object.create(null);
  for (const variable of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8').split('\0')) {
    const equals = variable.indexOf('=');
    if (equals > 0) env[variable.slice(0, equals)] ??= variable.slice(equals + 1);
  }
  return env;
}

/** The other direction, for tests of the server. */
export function encodeRequest(env: Readonly<Record<string, string>>, parts: readonly Part[], version = PROTOCOL_VERSION): Uint8Array {
  const variables = Buffer.from(
    Object.entries(env)
      .map(([name, value]) => `${name}=${value}\0`)
      .join(''),
  );
  const data = new Uint8Array(HEADER_SIZE + variables.length);
  const view = new DataView(data.buffer);
  view.setUint32(0, MAGIC, LITTLE);
  view.setUint16(4, version, LITTLE);
  view.setUint16(
    6,
    parts.reduce((bits, part) => bits | (1 << PARTS.indexOf(part)), 0),
    LITTLE,
  );
  view.setUint32(8, variables.length, LITTLE);
  data.set(variables, HEADER_SIZE);
  return data;
}

/** What the launcher prints, and the status with which it ends. */
export interface CallAnswer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function encodeAnswer({ status, stdout, stderr }: CallAnswer): Uint8Array {
  const [out, err] = [Buffer.from(stdout), Buffer.from(stderr)];
  const head = new DataView(new ArrayBuffer(HEADER_SIZE));
  [status, out.length, err.length].forEach((value, index) => {
    head.setUint32(index * 4, value, LITTLE);
  });
  return Buffer.concat([new Uint8Array(head.buffer), out, err]);
}
