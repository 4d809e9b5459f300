import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pod, ping, udpEcho } from '../../test-harness/index.ts';
import { configOf } from '../fixtures/datapath-mode.ts';
import { TestNode } from '../fixtures/test-node.ts';

const pins = '/sys/fs/bpf/axoneme/v1';

/* One node through its life: chosen by `auto`, broken by hand, killed, turned to veth and back. The order of the tests is that of the life. */
describe('a node that takes netkit where the kernel has it', () => {
  let site: TestNode;
  let web: Pod;
  let db: Pod;
  beforeAll(async () => {
    site = await TestNode.open({ config: configOf('auto'), retries: true });
    ({ pod: web } = await site.add('web'));
    ({ pod: db } = await site.add('db'));
  });
  afterAll(() => site[Symbol.asyncDispose]());

  const podNamed = (name: string) => site.node.pods.get(name) as Pod;
  const reaches = async (from: Pod, to: Pod) => {
    for (const family of [4, 6] as const) expect(await ping(from, to, { family, timeout: 10_000 })).toMatchObject({ reached: true });
  };
  const drops = async (reason: string) =>
    (await site.status()).drops.filter((row) => row.reason.toLowerCase() === reason).reduce((sum, { packets }) => sum + Number(packets), 0);
  /** How often the programs on pods' devices and the node's own ran since the kernel began to count. */
  const runs = async () => {
    let sum = 0;
    for (const name of ['from_container', 'to_container', 'from_host', 'to_host']) {
      const shown = await site.node.run(['bpftool', '-j', 'prog', 'show', 'pinned', `${pins}/progs/axo_${name}`]);
      sum += (JSON.parse(shown) as { run_cnt?: number }).run_cnt ?? 0;
    }
    return sum;
  };
  /** How many programs a UDP packet and its answer meet: the least of some, since pods say other things now and then. */
  const programsOf = async (from: Pod, to: Pod) => {
    const counts: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const before = await runs();
      expect(await udpEcho(from, to, { timeout: 10_000 })).toMatchObject({ reached: true });
      counts.push((await runs()) - before);
    }
    return Math.min(...counts);
  };

  it('says so in its status, and why', async () => {
    const { datapath } = await site.status();
    expect(datapath).toMatchObject({ deviceMode: 'netkit', deviceReason: `auto: Linux ${datapath.kernel} has netkit` });
  });

  it('lets no pod use an address that is not its own', async () => {
    await web.run(['ip', 'address', 'add', '10.0.0.99/32', 'dev', 'eth0']);
    expect(await ping(web, db, { source: '10.0.0.99', timeout: 1000 })).toMatchObject({ reached: false });
    expect(await drops('spoofed source')).toBeGreaterThanOrEqual(1);
    await web.run(['ip', 'address', 'delete', '10.0.0.99/32', 'dev', 'eth0']);
    await reaches(web, db);
  });

  it('gives a pod back a program that was taken away', async () => {
    const { hostIfname } = await site.endpointOf(web);
    const link = `${pins}/links/${hostIfname}/ingress`;
    await site.node.remove(link);
    await expect.poll(() => site.node.exists(link)).toBe(true);
    await reaches(web, db);
    await site.check(web);
  });

  it('keeps everything at the next start, killed or not', async () => {
    await site.reconfigure(configOf('auto'));
    await reaches(web, db);
    await site.check(web);
    await site.check(db);
  });

  it('runs veth and netkit side by side when its mode changes', async () => {
    await site.reconfigure(configOf('veth'));
    expect((await site.status()).datapath).toMatchObject({ deviceMode: 'veth' });
    await reaches(web, db);
    const { pod: old } = await site.add('old');
    const { pod: older } = await site.add('older');
    expect(await site.endpointOf(old)).not.toHaveProperty('device');
    for (const [from, to] of [
      [old, web],
      [web, old],
      [old, older],
    ] as const)
      await reaches(from, to);
    for (const pod of [web, old]) await site.check(pod);
  });

  it('runs no more programs for a packet from netkit to netkit than from veth to veth', async () => {
    await site.node.run(['sysctl', '-w', 'kernel.bpf_stats_enabled=1']);
    const [byVeth, byNetkit] = [await programsOf(podNamed('old'), podNamed('older')), await programsOf(web, db)];
    await site.node.run(['sysctl', '-w', 'kernel.bpf_stats_enabled=0']);
    // there and back again
    expect({ byVeth, byNetkit }).toEqual({ byVeth: 2, byNetkit: 2 });
  });

  it('attaches one program where veth has two', async () => {
    const attached = async (pod: Pod) => {
      const { hostIfname } = await site.endpointOf(pod);
      return (await site.node.run(['ls', `${pins}/links/${hostIfname}`])).split('\n').filter((name) => name !== '');
    };
    expect(await attached(web)).toEqual(['ingress']);
    expect(await attached(podNamed('old'))).toEqual(['egress', 'ingress']);
  });

  it('goes back, and leaves nothing of pods of either kind', async () => {
    await site.reconfigure(configOf('netkit'));
    for (const name of ['old', 'older', 'web', 'db']) await site.delete(podNamed(name));
    await expect.poll(async () => (await site.node.run(['ip', '-o', 'link'])).match(/lxc|axd/g)).toBe(null);
    expect((await site.status()).endpoints).toMatchObject({ ready: 0, total: 0 });
    const { pod } = await site.add('web2');
    await site.check(pod);
  });
});
