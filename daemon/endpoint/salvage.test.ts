import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Survivor } from '../datapath/survivors.ts';
import { removeAll } from '../files.ts';
import { silent } from '../log.ts';
import { FakeAddressing } from './fakes.ts';
import { RecordStore } from './record.ts';
import { adoptSurvivors } from './salvage.ts';

const survivor: Survivor = {
  containerId: 'c7',
  ifname: 'eth0',
  id: 7,
  identity: 5,
  addresses: ['10.0.0.2'],
  hostIfname: 'lxc0123456789',
  hostIfindex: 12,
  hostMac: '02:00:00:00:00:01',
  mac: '02:00:00:00:00:02',
  mtu: 1500,
};

let folder: string;
let store: RecordStore;
let addressing: FakeAddressing & { poolOf: () => string };
const parts = () => ({ store, addressing, log: silent });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'salvage-'));
  store = new RecordStore(folder, silent);
  addressing = Object.assign(new FakeAddressing(), { poolOf: () => 'blue' });
});
afterEach(() => removeAll(folder));

describe('a pod that only the kernel knows', () => {
  it('gets a record, its id and its addresses again', () => {
    const [record] = adoptSurvivors([survivor], [], parts());
    expect(record?.endpoint).toMatchObject({ id: 7, state: 'ready', hostIfindex: 12, ipv4: { address: '10.0.0.2', pool: 'blue' } });
    expect(addressing.owners.get('10.0.0.2')).toBe('c7');
    expect(store.readAll()).toEqual([record]);
  });

  it('gets back what a record of another version says of it, as far as that can be read', () => {
    const pod = { namespace: 'default', name: 'web', uid: 'u' };
    const endpoint = { containerId: 'c7', ifname: 'eth0', pod, netns: '/run/netns/web', network: 9, createdAt: 'once', state: 'dreaming' };
    writeFileSync(join(folder, '7.json'), JSON.stringify({ version: 2, endpoint }));
    expect(store.readAll()).toEqual([]);
    const [record] = adoptSurvivors([survivor], [], parts());
    expect(record?.endpoint).toMatchObject({ pod, netns: '/run/netns/web', createdAt: '1970-01-01T00:00:00.000Z' });
    expect(record?.endpoint).not.toHaveProperty('network');
    expect(readdirSync(folder).sort()).toEqual(['7.json', '7.json.bad']);
  });

  it('stays without when its id or its address is of another pod', () => {
    const [other] = adoptSurvivors([survivor], [], parts());
    const records = other ? [other] : [];
    expect(adoptSurvivors([{ ...survivor, containerId: 'c8' }], records, parts())).toEqual([]);
    expect(adoptSurvivors([{ ...survivor, containerId: 'c8', id: 8 }], records, parts())).toEqual([]);
    expect(addressing.owners.get('10.0.0.2')).toBe('c7');
  });

  it('is kept although the disk is full', () => {
    vi.spyOn(store, 'write').mockImplementation(() => {
      throw new Error('no space left on device');
    });
    expect(adoptSurvivors([survivor], [], parts())).toHaveLength(1);
  });
});
