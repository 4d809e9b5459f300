/** Versions of the CNI specification that this runtime knows, oldest first. */
export const KNOWN_VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

/** Whether `version` is at least `minimum`; an unreadable one is older than all. Both are `major.minor.patch`. */
export function atLeast(version: string, minimum: string): boolean {
  const wanted = numbers(minimum);
  const given = numbers(version);
  for (let i = 0; i < 3; i += 1) {
    const difference = (given[i] ?? 0) - (wanted[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * The version that a runtime speaks for a network: the highest that it knows of `cniVersion` and `cniVersions` (specification 1.1.0, section 1). A single
 * `cniVersion` that it does not know is used as it is, and the plugins are left to refuse it; none at all means 0.1.0 there.
 */
export function negotiate(cniVersion: string | undefined, cniVersions: readonly string[] | undefined): string {
  const offered = [...(cniVersions ?? []), ...(cniVersion === undefined ? [] : [cniVersion])];
  const known = KNOWN_VERSIONS.filter((version) => offered.includes(version));
  return known.at(-1) ?? cniVersion ?? '';
}

function numbers(version: string): number[] {
  return version.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : -1));
}
