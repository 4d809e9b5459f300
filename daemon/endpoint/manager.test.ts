import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addWhole, createBench, FakeClaim } from './fakes.ts';

let bench: ReturnType<typeof createBench>;

beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench[Symbol.dispose]());

/** Waits for what runs after a client's end. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** What must be empty when nothing is left of any endpoint. */
function remains() {
  return {
    addresses: bench.addressing.owners.size,
    devices: bench.datapath.devices.size,
    rows: bench.datapath.rows.size,
    records: bench.store.readAll().length,
    endpoints: bench.manager.list().length,
    windows: bench.window.open_.size,
  };
}
const nothing = { addresses: 0, devices: 0, rows: 0, records: 0, endpoints: 0, windows: 0 };

describe('an ADD', () => {
  it('writes the record in state creating before anything else exists', async () => {
    const { endpoint } = await bench.manager.create(bench.request(), new FakeClaim());
    expect(endpoint).toMatchObject({ id: 1, state: 'creating', hostIfindex: 0, ipv4: { address: '10.0.0.1' }, mtu: 1500 });
    expect(bench.store.readAll()[0]?.endpoint).toEqual(endpoint);
    expect(bench.datapath.calls).toEqual([]);
  });

  it('needs no window where its programs go into filters', async () => {
    bench.datapath.kind = 'clsact';
    const claim = new FakeClaim();
    const { endpoint } = await bench.manager.create(bench.request(), claim);
    bench.datapath.devices.add(endpoint.hostIfname);
    await bench.manager.connect(endpoint.id, { hostIfindex: 7 }, claim);
    expect(bench.window.open_.size).toBe(0);
  });

  it('is ready after connect and complete, with the window open in between', async () => {
    const claim = new FakeClaim();
    const { endpoint } = await bench.manager.create(bench.request(), claim);
    bench.datapath.devices.add(endpoint.hostIfname);
    await bench.manager.connect(endpoint.id, { hostIfindex: 7 }, claim);
    expect([...bench.window.open_]).toEqual([endpoint.id]);
    expect(bench.store.readAll()[0]?.endpoint.hostIfindex).toBe(7);
    await bench.manager.complete(endpoint.id, claim);
    expect(bench.window.open_.size).toBe(0);
    expect(bench.manager.get(endpoint.id)).toMatchObject({ state: 'ready', hostIfindex: 7 });
  });

  it('outlives its client once it is ready', async () => {
    await addWhole(bench);
    await settle();
    expect(bench.manager.list()).toHaveLength(1);
  });

  it.each(['after create', 'after connect'])('is undone when the client goes %s', async (when) => {
    const claim = new FakeClaim();
    const { endpoint } = await bench.manager.create(bench.request(), claim);
    bench.datapath.devices.add(endpoint.hostIfname);
    if (when === 'after connect') await bench.manager.connect(endpoint.id, { hostIfindex: 7 }, claim);
    claim.close();
    await bench.manager.close();
    expect(remains()).toEqual(nothing);
  });

  it('keeps the address when the device of a gone client cannot be removed, and the next ADD clears it away', async () => {
    const claim = new FakeClaim();
    const { endpoint } = await bench.manager.create(bench.request(), claim);
    bench.datapath.devices.add(endpoint.hostIfname);
    bench.datapath.failing = 'bury';
    claim.close();
    await settle();
    expect(bench.addressing.owners.size).toBe(1);
    expect(bench.manager.list()[0]?.state).toBe('disconnecting');
    const next = await bench.manager.create(bench.request(), new FakeClaim());
    expect(next.endpoint.ipv4?.address).toBe('10.0.0.2');
    await bench.manager.close();
    expect([...bench.addressing.owners.keys()]).toEqual(['10.0.0.2']);
  });

  it('refuses a full pool and leaves nothing', async () => {
    for (const containerId of ['a', 'b', 'c']) await addWhole(bench, { containerId });
    await expect(bench.manager.create(bench.request({ containerId: 'd' }), new FakeClaim())).rejects.toMatchObject({
      code: 'pool-exhausted',
    });
    expect(bench.manager.list()).toHaveLength(3);
  });

  it('refuses to complete when the datapath finds something missing', async () => {
    const claim = new FakeClaim();
    const { endpoint } = await bench.manager.create(bench.request(), claim);
    bench.datapath.problems = ['link ingress is not pinned'];
    await expect(bench.manager.complete(endpoint.id, claim)).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('asks nobody for proof of what the daemon has attached itself, but for the device', async () => {
    const claim = Object.assign(new FakeClaim(), { isDaemon: true as const });
    const { endpoint } = await bench.manager.create(bench.request(), claim);
    bench.datapath.problems = ['link ingress is not pinned'];
    await expect(bench.manager.complete(endpoint.id, claim)).rejects.toThrow('is gone');
    bench.datapath.devices.add(endpoint.hostIfname);
    await expect(bench.manager.complete(endpoint.id, claim)).resolves.toMatchObject({ state: 'ready' });
  });

  it.each([
    [{ mac: '01:00:5e:00:00:01' }, 'unicast'],
    [{ mtu: 1000 }, '1280'],
  ])('refuses %j', async (changes, reason) => {
    await expect(bench.manager.create(bench.request(changes), new FakeClaim())).rejects.toThrow(reason);
  });
});

describe('a second ADD of the same attachment', () => {
  it('is busy while the first one runs', async () => {
    await bench.manager.create(bench.request(), new FakeClaim());
    await expect(bench.manager.create(bench.request(), new FakeClaim())).rejects.toMatchObject({ code: 'busy' });
  });

  it('lets exactly one of two at once through', async () => {
    const results = await Promise.allSettled([1, 2].map(() => bench.manager.create(bench.request(), new FakeClaim())));
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is refused for a live attachment, which stays as it is', async () => {
    const before = await addWhole(bench);
    const calls = bench.datapath.calls.length;
    await expect(bench.manager.create(bench.request(), new FakeClaim())).rejects.toMatchObject({ code: 'exists' });
    expect(bench.manager.get(before.id)).toEqual(before);
    expect(bench.datapath.calls).toHaveLength(calls);
  });

  it('takes over when the namespace is gone', async () => {
    const before = await addWhole(bench);
    rmSync(bench.netns);
    const { endpoint } = await bench.manager.create(bench.request(), new FakeClaim());
    expect(endpoint.id).not.toBe(before.id);
    await bench.manager.close();
    expect(bench.manager.list()).toHaveLength(1);
    expect(bench.datapath.devices.size).toBe(0);
  });

  it('takes over when the path leads to another namespace now', async () => {
    await addWhole(bench);
    renameSync(bench.netns, `${bench.netns}.old`);
    writeFileSync(bench.netns, '');
    await expect(bench.manager.create(bench.request(), new FakeClaim())).resolves.toMatchObject({ endpoint: { state: 'creating' } });
  });

  it('is refused for a live device whose namespace the daemon cannot see', async () => {
    const netns = '/run/another/mount/namespace';
    await addWhole(bench, { netns });
    await expect(bench.manager.create(bench.request({ netns }), new FakeClaim())).rejects.toMatchObject({ code: 'exists' });
  });

  it('takes over when the device is gone', async () => {
    const before = await addWhole(bench);
    bench.datapath.devices.delete(before.hostIfname);
    await expect(bench.manager.create(bench.request(), new FakeClaim())).resolves.toMatchObject({ endpoint: { state: 'creating' } });
  });
});

describe('a DEL', () => {
  it('frees the name at once, and the addresses when the device is gone', async () => {
    const endpoint = await addWhole(bench);
    expect(await bench.manager.disconnect(endpoint)).toMatchObject({ id: endpoint.id, state: 'disconnected', hostIfname: 'axd1' });
    expect(bench.datapath.rows.size).toBe(0);
    expect([...bench.datapath.devices]).toEqual(['axd1']);
    expect(bench.addressing.owners.size).toBe(1);
    expect(bench.store.readAll()[0]?.endpoint).toMatchObject({ state: 'disconnected', hostIfname: 'axd1' });
    expect(bench.window.open_.size).toBe(0);
    await bench.manager.close();
    expect(remains()).toEqual(nothing);
  });

  it('lets the next ADD of the same attachment through at once, with another id and address', async () => {
    const before = await addWhole(bench);
    await bench.manager.disconnect(before);
    const after = await addWhole(bench);
    expect([after.id, after.ipv4?.address]).toEqual([2, '10.0.0.2']);
    await bench.manager.close();
    expect(bench.manager.list()).toEqual([after]);
    expect([...bench.addressing.owners.keys()]).toEqual(['10.0.0.2']);
    expect(await bench.manager.check(after)).toMatchObject({ problems: [] });
  });

  it('of a buried attachment finds nothing, and so does CHECK', async () => {
    const endpoint = await addWhole(bench);
    await bench.manager.disconnect(endpoint);
    expect(await bench.manager.disconnect(endpoint)).toBeUndefined();
    expect(await bench.manager.check(endpoint)).toBeUndefined();
    expect(bench.manager.list()).toMatchObject([{ state: 'disconnected' }]);
  });

  it('of a pod without a device is over at once', async () => {
    const endpoint = await addWhole(bench);
    bench.datapath.devices.clear();
    await bench.manager.disconnect(endpoint);
    expect(remains()).toEqual(nothing);
  });

  it('is waited for by whoever needs the device gone', async () => {
    const endpoint = await addWhole(bench);
    await bench.manager.disconnect(endpoint);
    expect(await bench.manager.remove(endpoint.id, new FakeClaim())).toBeUndefined();
    expect(remains()).toEqual(nothing);
  });

  it('of an id that belongs to another pod since leaves that pod alone', async () => {
    const endpoint = await addWhole(bench);
    await expect(bench.manager.remove(endpoint.id, new FakeClaim())).rejects.toMatchObject({ code: 'not-found' });
    expect(bench.manager.list()).toHaveLength(1);
  });

  it('of an id whose device is gone ends an ADD that outlived its daemon', async () => {
    const endpoint = await addWhole(bench);
    bench.datapath.devices.clear();
    await bench.manager.remove(endpoint.id, new FakeClaim());
    expect(remains()).toEqual(nothing);
  });

  it('is over when it answers, where the disk is full', async () => {
    const endpoint = await addWhole(bench);
    vi.spyOn(bench.store, 'write').mockImplementation(() => {
      throw new Error('no space left on device');
    });
    await bench.manager.disconnect(endpoint);
    expect(remains()).toEqual(nothing);
  });

  it('is refused where its record can neither be written nor removed, and the next one finds the name', async () => {
    const endpoint = await addWhole(bench);
    const refuse = () => {
      throw new Error('read-only file system');
    };
    const [write, remove] = [
      vi.spyOn(bench.store, 'write').mockImplementation(refuse),
      vi.spyOn(bench.store, 'remove').mockImplementation(refuse),
    ];
    await expect(bench.manager.disconnect(endpoint)).rejects.toThrow('read-only');
    for (const spy of [write, remove]) spy.mockRestore();
    expect(await bench.manager.disconnect(endpoint)).toMatchObject({ state: 'disconnected' });
    await bench.manager.close();
    expect(remains()).toEqual(nothing);
  });

  it('of an unknown attachment is undefined', async () => {
    expect(await bench.manager.disconnect({ containerId: 'nobody', ifname: 'eth0' })).toBeUndefined();
  });

  it('takes the endpoint from an ADD under way, whose next step fails', async () => {
    const adder = new FakeClaim();
    const { endpoint } = await bench.manager.create(bench.request(), adder);
    bench.datapath.devices.add(endpoint.hostIfname);
    await bench.manager.disconnect(endpoint);
    await expect(bench.manager.complete(endpoint.id, adder)).rejects.toMatchObject({ code: 'busy' });
    await bench.manager.remove(endpoint.id, adder);
    await expect(bench.manager.complete(endpoint.id, adder)).rejects.toMatchObject({ code: 'not-found' });
    adder.close();
    await settle();
    expect(remains()).toEqual(nothing);
  });
});

describe('an ADD that finds addresses held by what is buried', () => {
  it('waits for the batch when the pool is full', async () => {
    const [first] = [
      await addWhole(bench, { containerId: 'a' }),
      await addWhole(bench, { containerId: 'b' }),
      await addWhole(bench, { containerId: 'c' }),
    ];
    await bench.manager.disconnect(first);
    const { endpoint } = await bench.manager.create(bench.request({ containerId: 'd' }), new FakeClaim());
    expect(endpoint.ipv4?.address).toBe(first.ipv4?.address);
  });

  it('waits for it when an IPAM plugin gives such an address', async () => {
    const before = await addWhole(bench);
    await bench.manager.disconnect(before);
    const claim = new FakeClaim();
    const { endpoint } = await bench.manager.create(bench.request({ external: true }), claim);
    bench.datapath.devices.add(endpoint.hostIfname);
    await bench.manager.connect(endpoint.id, { hostIfindex: 8, addresses: [{ address: '10.0.0.1', pool: 'delegated' }] }, claim);
    expect(bench.manager.get(endpoint.id).ipv4?.address).toBe('10.0.0.1');
  });

  it('waits for a batch that takes long, and for the next one when others were first', async () => {
    const [first, second] = [
      await addWhole(bench, { containerId: 'a' }),
      await addWhole(bench, { containerId: 'b' }),
      await addWhole(bench, { containerId: 'c' }),
    ];
    await bench.manager.disconnect(first);
    let end: () => void = () => undefined;
    const held = new Promise<ReadonlyMap<number, unknown>>((resolve) => {
      end = () => resolve(new Map());
    });
    bench.datapath.reap = () => held;
    const adds = ['d', 'e'].map((containerId) => bench.manager.create(bench.request({ containerId }), new FakeClaim()));
    setTimeout(() => void bench.manager.disconnect(second).then(end), 300);
    const plans = await Promise.all(adds);
    expect(plans.map(({ endpoint }) => endpoint.ipv4?.address).sort()).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('is refused when a batch frees nothing', async () => {
    const [first] = [
      await addWhole(bench, { containerId: 'a' }),
      await addWhole(bench, { containerId: 'b' }),
      await addWhole(bench, { containerId: 'c' }),
    ];
    await bench.manager.disconnect(first);
    bench.datapath.reap = async (endpoints) => new Map(endpoints.map(({ id }) => [id, new Error('device busy')]));
    await expect(bench.manager.create(bench.request({ containerId: 'd' }), new FakeClaim())).rejects.toMatchObject({
      code: 'pool-exhausted',
    });
  });
});

describe('CHECK', () => {
  it('finds nothing wrong with a whole endpoint', async () => {
    const endpoint = await addWhole(bench);
    expect(await bench.manager.check(endpoint)).toEqual({ endpoint, problems: [] });
  });

  it('reports an address of somebody else, a gone namespace and what the datapath finds', async () => {
    const endpoint = await addWhole(bench);
    bench.addressing.owners.set('10.0.0.1', 'thief');
    bench.datapath.problems = ['link egress is detached'];
    rmSync(bench.netns);
    expect((await bench.manager.check(endpoint))?.problems).toEqual([
      'address 10.0.0.1 belongs to thief in pool default',
      `network namespace ${bench.netns} is gone`,
      'link egress is detached',
    ]);
  });
});

describe('adopting records', () => {
  it('gives the same books as before the restart', async () => {
    const endpoint = await addWhole(bench);
    bench.addressing.owners.clear();
    const manager = bench.open();
    expect(manager.list()).toEqual([endpoint]);
    expect([...bench.addressing.owners]).toEqual([['10.0.0.1', 'c1']]);
    const { endpoint: next } = await manager.create(bench.request({ containerId: 'c2' }), new FakeClaim());
    expect(next.id).toBe(2);
  });

  it('deletes what was buried in the life before, and keeps the attachment made since', async () => {
    await bench.manager.disconnect(await addWhole(bench));
    const after = await addWhole(bench);
    bench.addressing.owners.clear();
    const manager = bench.open();
    expect(manager.list()).toMatchObject([
      { id: 1, state: 'disconnected' },
      { id: 2, state: 'ready' },
    ]);
    await manager.close();
    expect(manager.list()).toEqual([after]);
    expect([...bench.addressing.owners.keys()]).toEqual(['10.0.0.2']);
  });

  it('leaves out a second record of one attachment, and one whose address is taken', async () => {
    const endpoint = await addWhole(bench);
    bench.addressing.owners.clear();
    bench.store.write({ version: 1, endpoint: { ...endpoint, id: 9 } });
    bench.store.write({ version: 1, endpoint: { ...endpoint, id: 10, containerId: 'other' } });
    expect(bench.open().list()).toEqual([endpoint]);
    expect(bench.store.readAll()).toHaveLength(1);
  });
});
