import { CniError } from './errors.ts';
import type { CniCommand } from './types.ts';

/** How a version writes results: see `result.ts`. */
export type ResultShape = 'families' | 'ips-with-family' | 'ips' | 'ips-extended';

interface VersionTraits {
  readonly result: ResultShape;
  readonly commands: readonly CniCommand[];
}

const FIRST = ['ADD', 'DEL', 'VERSION'] as const;
const WITH_CHECK = [...FIRST, 'CHECK'] as const;
const WITH_GC = [...WITH_CHECK, 'GC', 'STATUS'] as const;

/** What each version of the specification has; the newest is last. Versions match as exact strings. */
export const CNI_VERSIONS = {
  '0.1.0': { result: 'families', commands: FIRST },
  '0.2.0': { result: 'families', commands: FIRST },
  '0.3.0': { result: 'ips-with-family', commands: FIRST },
  '0.3.1': { result: 'ips-with-family', commands: FIRST },
  '0.4.0': { result: 'ips-with-family', commands: WITH_CHECK },
  '1.0.0': { result: 'ips', commands: WITH_CHECK },
  '1.1.0': { result: 'ips-extended', commands: WITH_GC },
} as const satisfies Record<string, VersionTraits>;

/** A version of the specification that axoneme speaks. */
export type CniVersion = keyof typeof CNI_VERSIONS;

/** Every version, oldest first, as VERSION answers it. */
export const SUPPORTED_VERSIONS = Object.keys(CNI_VERSIONS) as readonly CniVersion[];

/** The version of answers to requests that name none that we know. */
export const CURRENT_VERSION: CniVersion = '1.1.0';

/** A configuration without `cniVersion` is one of 0.1.0: the key was optional then. */
const UNNAMED_VERSION: CniVersion = '0.1.0';

/** Whether axoneme speaks this version. */
export function isSupportedVersion(value: unknown): value is CniVersion {
  return typeof value === 'string' && Object.hasOwn(CNI_VERSIONS, value);
}

/** The version that a configuration's `cniVersion` names. Errors: `decode-failure` unless a string, `incompatible-version` if unknown. */
export function parseVersion(value: unknown): CniVersion {
  if (value === undefined || value === '') return UNNAMED_VERSION;
  if (typeof value !== 'string') throw new CniError('decode-failure', `decode cniVersion: ${JSON.stringify(value)} is not a string`);
  if (isSupportedVersion(value)) return value;
  throw new CniError('incompatible-version', `accept cniVersion ${JSON.stringify(value)}: not supported`, {
    details: `supported versions: ${SUPPORTED_VERSIONS.join(', ')}`,
  });
}

/** Refuses a verb that this version does not have: `incompatible-version`, as the reference library does. */
export function requireCommand(command: CniCommand, version: CniVersion): void {
  const has = (candidate: CniVersion): boolean => (CNI_VERSIONS[candidate].commands as readonly CniCommand[]).includes(command);
  if (has(version)) return;
  const since = SUPPORTED_VERSIONS.find(has);
  throw new CniError('incompatible-version', `run ${command} with cniVersion ${version}: the verb came with ${since}`);
}
