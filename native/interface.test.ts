import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { interfaceAt } from './interface.ts';

const read = (attribute: string) => readFileSync(`/sys/class/net/lo/${attribute}`, 'utf8').trim();

it('an interface is what sysfs says of it', () => {
  const up = (Number(read('flags')) & 1) !== 0;
  expect(interfaceAt(Number(read('ifindex')))).toEqual({ name: 'lo', up, mac: read('address'), mtu: Number(read('mtu')) });
});

it.each([0, 2 ** 31 - 1])('there is none with index %i', (ifindex) => {
  expect(interfaceAt(ifindex)).toBeUndefined();
});
