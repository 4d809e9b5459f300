import { describe, expect, it } from 'vitest';
import { type Circumstances, mustBeAbleToBuild } from './preflight.ts';

const able: Circumstances = {
  uid: 0,
  isRealRoot: true,
  capabilities: (1n << 41n) - 1n,
  hasNetworkNamespaces: true,
  maxNetworkNamespaces: 1000,
};

describe('before a lab is built', () => {
  it('nothing is said where it can be', () => {
    expect(() => mustBeAbleToBuild(able)).not.toThrow();
  });

  it.each<[Partial<Circumstances>, string, string]>([
    [{ uid: 1000, capabilities: 0n }, 'NOT_ROOT', 'build a lab: it needs root, for namespaces and mounts'],
    [{ isRealRoot: false }, 'NO_NAMESPACES', 'build a lab: this root is that of a user namespace'],
    [{ hasNetworkNamespaces: false }, 'NO_NAMESPACES', 'build a lab: this kernel has no network namespaces (CONFIG_NET_NS)'],
    [{ maxNetworkNamespaces: 0 }, 'NO_NAMESPACES', 'build a lab: no network namespaces are allowed here (user.max_net_namespaces is 0)'],
    [{ capabilities: 0n }, 'NO_NAMESPACES', 'build a lab: root lacks CAP_SYS_ADMIN and CAP_NET_ADMIN here'],
  ])('%o is one sentence', (lack, code, message) => {
    expect(() => mustBeAbleToBuild({ ...able, ...lack })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
