/** Versions of the CNI specification that this runtime knows, oldest first. */
export const KNOWN_VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

const NEWEST = '1.1.0';

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

/** Whether a text can be read as a version: one to three numbers, as libcni reads them; none at all means 0.1.0. */
export function isVersion(text: string): boolean {
  return /^(\d+(\.\d+){0,2})?$/.test(text);
}

/**
 * The version that a runtime speaks for a network (specification 1.1.0, section 1). With `cniVersions`, the newest of both keys that is not newer than
 * the runtime itself; without, `cniVersion` as it is, and the plugins are left to refuse it. Where all are too new, `cniVersion`, too.
 */
export function negotiate(cniVersion: string | undefined, cniVersions: readonly string[] | undefined): string {
  if (cniVersions === undefined) return cniVersion ?? '';
  const offered = [...cniVersions, ...(cniVersion === undefined ? [] : [cniVersion])].filter((version) => version !== '');
  const spoken = offered.filter((version) => atLeast(NEWEST, version));
  return (
    spoken.reduce<string | undefined>((best, version) => (best === undefined || atLeast(version, best) ? version : best), undefined) ??
    cniVersion ??
    ''
  );
}

function numbers(version: string): number[] {
  return version.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : -1));
}
