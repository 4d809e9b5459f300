import { CniError } from './cni-error.ts';
import { type Invocation, succeed } from './invoke.ts';
import { isObject } from './network.ts';
import { badResult } from './result.ts';

/** What a plugin answers to VERSION. */
export interface VersionInfo {
  readonly cniVersion: string;
  readonly supportedVersions: readonly string[];
}

/**
 * Reads the answer to VERSION as libcni does. Plugins older than the verb say that they do not know it, which makes them speak 0.1.0; version 0.2.0
 * had no list of its own. Throws CniError and BAD_RESULT.
 */
export function versionInfo(invocation: Invocation): VersionInfo {
  try {
    return decode(succeed(invocation));
  } catch (error) {
    if (error instanceof CniError && error.msg === 'unknown CNI_COMMAND: VERSION')
      return { cniVersion: '0.1.0', supportedVersions: ['0.1.0'] };
    throw error;
  }
}

function decode({ stdout }: { readonly stdout: string }): VersionInfo {
  const answer = parse(stdout);
  if (!isObject(answer) || typeof answer['cniVersion'] !== 'string' || answer['cniVersion'] === '')
    throw badResult(`answer to VERSION: no cniVersion: ${stdout.trim()}`);
  const { cniVersion, supportedVersions = [] } = answer;
  if (!Array.isArray(supportedVersions)) throw badResult(`answer to VERSION: supportedVersions is not a list: ${stdout.trim()}`);
  if (supportedVersions.length > 0) return { cniVersion, supportedVersions };
  if (cniVersion === '0.2.0') return { cniVersion, supportedVersions: ['0.1.0', '0.2.0'] };
  throw badResult(`answer to VERSION: no supportedVersions: ${stdout.trim()}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
