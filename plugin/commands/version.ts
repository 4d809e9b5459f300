import { CURRENT_VERSION, isSupportedVersion, SUPPORTED_VERSIONS } from '../../conf/cni/versions.ts';

/** VERSION's answer (SPEC section 5, "Version"): the request's version if we speak it, else ours. Whatever else is on stdin, or nothing, is fine. */
export function versionInfo(stdin: unknown): object {
  const asked = typeof stdin === 'object' && stdin !== null && 'cniVersion' in stdin ? stdin.cniVersion : undefined;
  return { cniVersion: isSupportedVersion(asked) ? asked : CURRENT_VERSION, supportedVersions: SUPPORTED_VERSIONS };
}
