import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Collector } from '../contract/collect.ts';
import { type Gadget, gadget, gadgets } from '../contract/widget.ts';
import { Informer } from '../informer/informer.ts';
import type { Store } from '../store.ts';
import { EtcdCluster } from '../testing/etcd.ts';
import { openEtcd } from './index.ts';

/** Writes n = 1, 2, ... into an object, trying again whatever fails. */
async function countTo(store: Store, name: string, to: number): Promise<void> {
  for (let n = 1; n <= to; n += 1) {
    for (let isDone = false; !isDone; ) {
      const patch = { type: 'merge', body: { data: { n: String(n) } } } as const;
      isDone = await store.patch(gadgets, { name }, patch).then(
        () => true,
        () => false,
      );
    }
  }
}

test('members killed and paused in turn lose no write, and no event to an informer', async () => {
  await using cluster = await EtcdCluster.start({ members: 3 });
  const store = openEtcd({ endpoints: cluster.endpoints, timeoutMs: 8000 });
  await store.create(gadgets, gadget('counter', { n: '0' }));
  const informer = new Informer<Gadget>(store, gadgets, { backoff: { firstMs: 50, mostMs: 500 } }).start();
  const seen: number[] = [];
  informer.subscribe((event) => seen.push(Number(event.object.data?.['n'])));
  await informer.whenSynced();
  const counting = countTo(store, 'counter', 150);
  for (const member of cluster.members) {
    await member.signal('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    member.start();
    await cluster.ready();
  }
  await cluster.members[0]?.signal('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await cluster.members[0]?.signal('SIGCONT');
  await counting;
  await expect.poll(() => seen.at(-1), { timeout: 60_000 }).toBe(150);
  expect(seen).toEqual(Array.from({ length: 151 }, (_, n) => n));
  expect(informer.status).toMatchObject({ objects: 1, isSynced: true, lists: 1 });
  await informer.close();
  await store.close();
});

test('TLS with client certificates', async () => {
  await using cluster = await EtcdCluster.start({ tls: true });
  const { ca, client } = cluster.certificates ?? expect.fail('no certificates');
  const tls = { ca: readFileSync(ca.cert), cert: readFileSync(client.cert), key: readFileSync(client.key) };
  const store = openEtcd({ endpoints: cluster.endpoints, tls });
  const made = await store.create(gadgets, gadget('secure'));
  expect(await store.get(gadgets, { name: 'secure' })).toEqual(made);
  await store.close();
  const stranger = openEtcd({ endpoints: cluster.endpoints, tls: { ca: tls.ca }, timeoutMs: 1000 });
  await expect(stranger.get(gadgets, { name: 'secure' })).rejects.toMatchObject({
    reason: expect.stringMatching(/^(ServiceUnavailable|Timeout)$/),
  });
  await stranger.close();
});

test('a user logs in, again after a restart of etcd; a wrong password is Unauthorized', async () => {
  await using cluster = await EtcdCluster.start();
  await cluster.etcdctl('user', 'add', 'root:secret');
  await cluster.etcdctl('user', 'grant-role', 'root', 'root');
  await cluster.etcdctl('auth', 'enable');
  const user = { name: 'root', password: 'secret' };
  const store = openEtcd({ endpoints: cluster.endpoints, user });
  await store.create(gadgets, gadget('before'));
  await cluster.members[0]?.restart();
  await expect.poll(() => store.create(gadgets, gadget('after')).then(({ metadata }) => metadata.name), { timeout: 30_000 }).toBe('after');
  await using watch = new Collector(store, gadgets);
  await expect.poll(() => watch.lines).toEqual(['ADDED after', 'ADDED before']);
  await store.close();
  for (const wrong of [{ user: { ...user, password: 'wrong' } }, {}]) {
    const stranger = openEtcd({ endpoints: cluster.endpoints, ...wrong });
    await expect(stranger.list(gadgets)).rejects.toMatchObject({ reason: 'Unauthorized' });
    await stranger.close();
  }
});

test('a full quota fails writes with ServiceUnavailable and what to do, and no reads', async () => {
  await using cluster = await EtcdCluster.start({ args: ['--quota-backend-bytes', String(16 * 1024 * 1024)] });
  const store = openEtcd({ endpoints: cluster.endpoints });
  const text = 'x'.repeat(1_000_000);
  const fill = async () => {
    for (let n = 0; n < 40; n += 1) await store.create(gadgets, gadget(`big-${n}`, { text }));
  };
  await expect(fill()).rejects.toMatchObject({ reason: 'ServiceUnavailable', message: expect.stringContaining('defragment etcd') });
  expect((await store.get(gadgets, { name: 'big-0' })).data?.['text']).toBe(text);
  for (const { metadata } of (await store.list(gadgets)).items)
    await cluster.etcdctl('del', `/axoneme/contract.axoneme.io/gadgets/${metadata.name}`);
  const revision = JSON.parse(await cluster.etcdctl('endpoint', 'status', '-w', 'json'))[0].Status.header.revision;
  await cluster.etcdctl('compact', String(revision));
  await cluster.etcdctl('defrag');
  await cluster.etcdctl('alarm', 'disarm');
  await store.create(gadgets, gadget('room'));
  await store.close();
});

test('after a compaction old watches and pages are Expired, and an informer lists again', async () => {
  await using cluster = await EtcdCluster.start();
  const store = openEtcd({ endpoints: cluster.endpoints });
  for (const name of ['a', 'b', 'c']) await store.create(gadgets, gadget(name));
  const informer = new Informer<Gadget>(store, gadgets, { backoff: { firstMs: 20 } }).start();
  const events: string[] = [];
  informer.subscribe(({ type, object }) => events.push(`${type} ${object.metadata.name}`));
  await informer.whenSynced();
  const page = await store.list(gadgets, { limit: 1 });
  await cluster.members[0]?.signal('SIGSTOP');
  await cluster.members[0]?.signal('SIGCONT');
  const last = await store.create(gadgets, gadget('d'));
  await store.delete(gadgets, { name: 'a' });
  await store.create(gadgets, gadget('e'));
  const newest = Number((await store.list(gadgets)).resourceVersion);
  await cluster.etcdctl('compact', String(newest));
  await using watch = new Collector(store, gadgets, { resourceVersion: String(Number(last.metadata.resourceVersion) - 1) });
  expect(await watch.ended).toMatchObject({ reason: 'Expired' });
  await expect(store.list(gadgets, { limit: 1, continue: page.continue ?? '' })).rejects.toMatchObject({ reason: 'Expired' });
  await expect.poll(() => events).toEqual(['add a', 'add b', 'add c', 'add d', 'delete a', 'add e']);
  await informer.close();
  await store.close();
});

test('a value that is not an object is InternalError with its key', async () => {
  await using cluster = await EtcdCluster.start();
  const store = openEtcd({ endpoints: cluster.endpoints });
  await cluster.etcdctl('put', '/axoneme/contract.axoneme.io/gadgets/garbage', '{"metadata":');
  await expect(store.list(gadgets)).rejects.toMatchObject({ reason: 'InternalError', message: expect.stringContaining('gadgets/garbage') });
  await store.close();
});
