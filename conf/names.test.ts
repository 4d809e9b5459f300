import { expect, test } from 'vitest';
import { attachmentOfAlias, deviceAlias, hostIfname } from './names.ts';

test('names the host side after the attachment, within the kernel limit of 15 bytes', () => {
  // printf 'c1:eth0' | sha256sum
  expect(hostIfname({ containerId: 'c1', ifname: 'eth0' })).toBe('lxc18b8fe0ca3');
  expect(hostIfname({ containerId: 'a'.repeat(64), ifname: 'net1' })).toMatch(/^lxc[0-9a-f]{10}$/);
});

test('gives two interfaces of one container two names', () => {
  expect(hostIfname({ containerId: 'c1', ifname: 'eth0' })).not.toBe(hostIfname({ containerId: 'c1', ifname: 'eth1' }));
});

test('reads an attachment back from the alias of its device', () => {
  const key = { containerId: 'c1', ifname: 'eth0' };
  expect(attachmentOfAlias(deviceAlias(key))).toEqual(key);
  for (const alias of ['', 'axoneme:', 'axoneme:c1', 'axoneme:c1:', 'axoneme:c1:eth0:more', 'other:c1:eth0']) {
    expect(attachmentOfAlias(alias)).toBeUndefined();
  }
});
