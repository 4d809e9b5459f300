import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeAll } from '../files.ts';
import { silent } from '../log.ts';
import { newEndpoint } from './plan.ts';
import { type EndpointRecord, RecordStore } from './record.ts';

let folder: string;
let store: RecordStore;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'records-')), 'endpoints');
  store = new RecordStore(folder, silent);
});
afterEach(() => removeAll(folder));

function record(id: number): EndpointRecord {
  const pod = { namespace: 'default', name: 'web', uid: 'u' };
  const request = { containerId: `c${id}`, ifname: 'eth0', netns: '/run/netns/a', pod };
  const addresses = { ipv6: { address: 'fd00::1', pool: 'default' } };
  return {
    version: 1,
    endpoint: newEndpoint(request, {
      id,
      addresses,
      mtu: 1500,
      deviceMode: 'veth',
      createdAt: new Date(0),
      createdOn: { bootId: 'now', us: 1 },
    }),
    netnsIdentity: '4:9',
  };
}

describe('RecordStore', () => {
  it('reads what it wrote, lowest id first', () => {
    for (const id of [10, 2]) store.write(record(id));
    expect(store.readAll().map(({ endpoint }) => endpoint.id)).toEqual([2, 10]);
    const [first] = store.readAll();
    expect(first?.netnsIdentity).toBe('4:9');
  });

  it('is empty without a folder', () => {
    expect(store.readAll()).toEqual([]);
  });

  it.each([
    ['no JSON', '{"version":1,'],
    ['an empty file', ''],
    ['another layout', '{"version":2}'],
    ["another endpoint's record", JSON.stringify(record(3))],
  ])('moves %s aside', (_what, text) => {
    store.write(record(1));
    writeFileSync(join(folder, '7.json'), text);
    expect(store.readAll().map(({ endpoint }) => endpoint.id)).toEqual([1]);
    expect(readdirSync(folder).sort()).toEqual(['1.json', '7.json.bad']);
  });

  it('removes the part of a write that a crash left', () => {
    store.write(record(1));
    writeFileSync(join(folder, '2.json.tmp'), '{');
    store.readAll();
    expect(readdirSync(folder)).toEqual(['1.json']);
  });
});
