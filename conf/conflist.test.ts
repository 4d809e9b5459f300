import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseNetConf } from './cni/netconf.ts';
import { isSupportedVersion } from './cni/versions.ts';

const list = JSON.parse(readFileSync(new URL('05-axoneme.conflist', import.meta.url), 'utf8'));

test('the conflist that ships passes our own parser in every version that it names', () => {
  const versions: string[] = [list.cniVersion, ...list.cniVersions];
  expect(versions.every(isSupportedVersion)).toBe(true);
  // The runtime hands the plugin its part of the list, with name and version of the whole (SPEC section 4).
  for (const cniVersion of versions) {
    for (const plugin of list.plugins) expect(parseNetConf({ ...plugin, name: list.name, cniVersion }, 'ADD').version).toBe(cniVersion);
  }
});
