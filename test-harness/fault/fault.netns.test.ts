import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attachmentOf,
  fillDisk,
  killWhenSeen,
  Lab,
  makeReadOnly,
  type Node,
  pause,
  ping,
  Runtime,
  slow,
  spawnWithClock,
} from '../index.ts';

/** Counts as fast as it can and says how far it is, with a child that does the same, so that a whole service is seen to stop. */
const COUNTER = `
count() { i=0; while :; do i=$((i + 1)); [ $((i % 2000)) = 0 ] && echo "$1"; done; }
count child & count parent
`;

describe('faults', () => {
  let lab: Lab;
  let node: Node;
  beforeAll(async () => {
    lab = await Lab.create({ nodes: { node1: {} }, hosts: { outside: {} }, links: [{ between: ['node1', 'outside'] }] });
    node = lab.node('node1');
  });
  afterAll(() => lab.close());

  it('pause a service with its children, and let it go on', async () => {
    await using service = node.spawn(['sh', '-c', COUNTER]);
    await service.waitForOutput(/child/);
    await service.waitForOutput(/parent/);
    const fault = await pause(service);
    await sleep(500); // what it wrote before
    const before = service.stdout.length;
    await sleep(100);
    expect(service.stdout.length).toBe(before);
    await fault.lift();
    await fault.lift();
    await service.waitUntil(() => service.stdout.length > before, 'more output');
  });

  it('pause a service that is killed all the same', async () => {
    const service = node.spawn(['sleep', '60']);
    await service.waitUntil(() => service.pid !== undefined, 'start');
    const fault = await pause(service);
    await service.stop('SIGKILL');
    await fault.lift();
    await expect.poll(() => pause(service).catch((error) => error.code)).toBe('SERVICE_FAILED');
  });

  it('do not keep a lab from ending', async () => {
    const other = await Lab.create({ nodes: { a: {}, b: {} } });
    await pause(other.node('a').spawn(['sleep', '60']));
    await pause(other.node('b'));
    await other.close();
  });

  it('pause a machine whose kernel still answers', async () => {
    const fault = await pause(node);
    const waiting = node.exec(['true'], { timeout: 10_000 });
    expect(await ping(lab.machine('outside'), node)).toMatchObject({ reached: true });
    const won = await Promise.race([waiting.then(() => 'command'), sleep(100).then(() => 'clock')]);
    await fault.lift();
    expect([won, (await waiting).code]).toEqual(['clock', 0]);
  });

  it('slow a service down to a share of the time', async () => {
    await using service = node.spawn(['sh', '-c', COUNTER]);
    await service.waitForOutput(/parent/);
    const progress = async () => {
      const before = service.stdout.length;
      await sleep(400);
      return service.stdout.length - before;
    };
    const full = await progress();
    const fault = slow(service, { share: 0.1 });
    const little = await progress();
    const before = service.stdout.length;
    await service.waitUntil(() => service.stdout.length > before, 'output of a slow service');
    await fault.lift();
    const again = await progress();
    expect(little / Math.max(full, again)).toBeLessThan(0.4);
    expect(again).toBeGreaterThan(little);
    expect(() => slow(service, { share: 1 })).toThrow('share 1 is not between 0 and 1');
  });

  it('kill a plugin in the middle of its work', async () => {
    await node.writeFile(
      '/opt/cni/bin/sluggish',
      '#!/bin/sh\ncat > /dev/null\necho begun > /run/begun\nsleep 3\necho done > /run/done\n',
      0o755,
    );
    const network = { cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'sluggish' }] };
    await node.writeFile('/etc/cni/net.d/10-net.conflist', JSON.stringify(network));
    const runtime = new Runtime(node, { pluginDirs: ['/opt/cni/bin'] });
    const killed = killWhenSeen(node, /\/sluggish$/, { after: 300 });
    const answer = runtime.add(await runtime.network('net'), attachmentOf(await node.addPod('p')));
    await expect(answer).rejects.toThrow('ADD by sluggish');
    expect(await killed).toMatchObject({ hit: true, command: '/bin/sh /opt/cni/bin/sluggish' });
    expect([await node.exists('/run/begun'), await node.exists('/run/done')]).toEqual([true, false]);
    await expect(killWhenSeen(node, /never/, { timeout: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('fill a disk, with what was there still there', async () => {
    await node.writeFile('/var/lib/thing/state', 'old');
    const fault = await fillDisk(node, '/var/lib/thing', { free: 4096, freeInodes: 10 });
    const write = (name: string, bytes: number) => node.exec(['sh', '-c', `head -c ${bytes} /dev/zero > /var/lib/thing/${name}`]);
    expect(await node.readFile('/var/lib/thing/state')).toBe('old');
    expect(await write('a', 4096)).toMatchObject({ code: 0 });
    expect(await write('b', 1)).toMatchObject({ stderr: expect.stringContaining('No space left on device') });
    await fault.lift();
    expect(await write('c', 1_000_000)).toMatchObject({ code: 0 });
    expect(await node.listFolder('/var/lib/thing')).toEqual(['a', 'b', 'c', 'state']);
    expect(await node.listFolder('/run/mount')).toEqual([]);
  });

  it('fill an empty disk, and run out of inodes', async () => {
    await using _ = await fillDisk(node, '/var/lib/empty');
    expect(await node.exec(['sh', '-c', 'head -c 1 /dev/zero > /var/lib/empty/x'])).toMatchObject({
      stderr: expect.stringContaining('No space left'),
    });
    const inodes = await fillDisk(node, '/var/lib/inodes', { free: 1e6, freeInodes: 2 });
    const touch = await node.exec(['sh', '-c', 'cd /var/lib/inodes && touch a b && touch c']);
    expect(touch).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot touch 'c': No space left") });
    await inodes.lift();
    expect(await node.exec(['touch', '/var/lib/inodes/c'])).toMatchObject({ code: 0 });
  });

  it('make a folder read-only', async () => {
    await node.writeFile('/var/lib/fixed/state', 'old');
    const fault = await makeReadOnly(node, '/var/lib/fixed');
    const write = () => node.exec(['sh', '-c', 'echo new > /var/lib/fixed/state']);
    expect(await write()).toMatchObject({ stderr: expect.stringContaining('Read-only file system') });
    await fault.lift();
    expect(await write()).toMatchObject({ code: 0 });
    await expect(makeReadOnly(node, 'var')).rejects.toMatchObject({ code: 'BAD_FAULT' });
  });

  it('step the clocks of a service between its runs', async () => {
    const uptime = async (shift: object) => {
      await using service = await spawnWithClock(
        node,
        ['sh', '-c', 'trap "exit 0" TERM; cat /proc/uptime; while :; do sleep 0.02; done'],
        shift,
      );
      await service.waitForOutput(/\d/);
      expect(await service.stop()).toMatchObject({ code: 0 });
      return Number(service.stdout.split(' ')[0]);
    };
    const [now, later] = [await uptime({}), await uptime({ monotonic: 86_400, boottime: 86_400 })];
    expect(later - now).toBeGreaterThan(86_399);
    expect(later - now).toBeLessThan(86_460);
    await expect(spawnWithClock(node, ['true'], { boottime: -1e9 })).rejects.toMatchObject({ code: 'NO_EMULATION' });
  });
});
