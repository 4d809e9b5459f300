import { execFileSync } from 'node:child_process';
import { constants, readdirSync, readFileSync, readlinkSync, readSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hasErrno } from './errors.ts';
import { liveFds } from './fd.ts';
import { FileSystemType, openFileIn, readFileIn, statfsType, writeFileIn } from './files.ts';
import { Scratch } from './fixture.ts';
import { createNetns, isNetns, Netns } from './netns.ts';
import { netlinkTransact, openNetlinkSocket, recv } from './socket.ts';
import { getSysctl, setSysctl } from './sysctl.ts';
import { watchFd } from './watch.ts';

const scratch = new Scratch();
const { directory } = scratch;
const path = join(directory, 'pod');

const ownNamespace = () => readlinkSync('/proc/self/ns/net');
const namespacesOfThreads = () => readdirSync('/proc/self/task').map((task) => readlinkSync(`/proc/self/task/${task}/ns/net`));
/** Threads of the addon that wait in the kernel in JavaScript's place (native/addon/workers.cc). */
const kernelThreads = () =>
  readdirSync('/proc/self/task').filter((task) => readFileSync(`/proc/self/task/${task}/comm`, 'utf8') === 'axo-kernel\n').length;
const openDescriptors = () => readdirSync('/proc/self/fd').length;

/** RTM_GETLINK dump with sequence 7, as bytes: nlmsghdr + ifinfomsg (linux/netlink.h, linux/rtnetlink.h). */
function linkDump(): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(32));
  bytes.setUint32(0, 32, true);
  bytes.setUint16(4, 18, true);
  bytes.setUint16(6, 0x301, true);
  bytes.setUint32(8, 7, true);
  return new Uint8Array(bytes.buffer);
}

beforeAll(() => scratch.netns('pod'));
afterAll(() => scratch[Symbol.asyncDispose]());

describe('Netns', () => {
  it('opens a namespace that is not the own one', () => {
    using made = Netns.open(path);
    using own = Netns.current();
    expect(made.equals(own)).toBe(false);
    expect(own.equals(own)).toBe(true);
    expect(readlinkSync('/proc/self/ns/net')).toBe(`net:[${own.inode}]`);
    expect(statfsType(path)).toBe(FileSystemType.nsfs);
    expect(isNetns(path)).toBe(true);
  });

  it('says what is wrong with a path that is none', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(() => Netns.open(file)).toThrow(`open network namespace ${file}: not a network namespace`);
    expect(() => Netns.open('/proc/self/ns/mnt')).toThrow('not a network namespace');
    expect(() => Netns.open(join(directory, 'none'))).toThrow(
      `open network namespace ${join(directory, 'none')}: no such file or directory`,
    );
    expect(isNetns(file)).toBe(false);
    expect(isNetns(join(directory, 'none'))).toBe(false);
    unlinkSync(file);
  });

  it('does not wait for the writer of a FIFO', () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(() => Netns.open(fifo)).toThrow(`open network namespace ${fifo}: not a network namespace`);
    expect(() => Netns.open(directory)).toThrow('not a network namespace');
    unlinkSync(fifo);
  });

  it('makes one without a name, which goes when it is closed', async () => {
    const ns = await Netns.create();
    expect(await getSysctl(ns, 'net.ipv4.ip_forward')).toBe('0');
    using same = Netns.open(ns.path);
    expect(same.equals(ns)).toBe(true);
    ns.close();
  });

  it('refuses to make one where a file is', async () => {
    await expect(createNetns(path)).rejects.toThrow(`create network namespace ${path}: file exists`);
  });

  it('refuses use after close', () => {
    const ns = Netns.open(path);
    ns.close();
    ns.close();
    expect(() => ns.use()).toThrow('the descriptor is closed');
  });
});

describe('files inside a namespace', () => {
  it('reads and writes sysctls of that namespace only', async () => {
    using ns = Netns.open(path);
    const before = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8');
    await setSysctl(ns, 'net.ipv4.ip_forward', '1');
    expect(await getSysctl(ns, 'net.ipv4.ip_forward')).toBe('1');
    await setSysctl(ns, 'net.ipv4.ip_forward', '0');
    expect(await getSysctl(ns, 'net.ipv4.ip_forward')).toBe('0');
    expect(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8')).toBe(before);
  });

  it('opens the files of that namespace', async () => {
    using ns = Netns.open(path);
    using file = await openFileIn(ns, '/proc/thread-self/net/dev', constants.O_RDONLY);
    const text = Buffer.alloc(4096);
    const names = text.toString('utf8', 0, readSync(file.use(), text)).match(/^\s*\S+:/gm);
    expect(names?.map((name) => name.trim())).toContain('lo:');
    expect(names?.some((name) => name.includes('eth0'))).toBe(false);
  });

  it('names the file and the reason when it cannot', async () => {
    using ns = Netns.open(path);
    await expect(setSysctl(ns, 'net.ipv4.conf.nosuch.rp_filter', '0')).rejects.toThrow(
      `write /proc/sys/net/ipv4/conf/nosuch/rp_filter in ${path}: no such file or directory`,
    );
    await expect(writeFileIn(ns, '/proc/sys/net/ipv4/ip_forward', 'rubbish')).rejects.toMatchObject({
      code: 'SYSCALL',
      errnoName: 'EINVAL',
    });
    await expect(readFileIn(ns, '/nosuch')).rejects.toSatisfy((error) => hasErrno(error, 'ENOENT'));
  });
});

describe('netlink sockets', () => {
  it('lives in the namespace it was opened in', async () => {
    using ns = Netns.open(path);
    using fd = await openNetlinkSocket(ns, 0);
    const answers = await netlinkTransact(fd, [{ bytes: linkDump(), sequence: 7 }]);
    const text = Buffer.concat(answers).toString('latin1');
    expect(text).toContain('lo\0');
    expect(text).not.toContain('eth0\0');
  });

  it('answers undefined when nothing is there, and watches without holding the process', async () => {
    using ns = Netns.open(path);
    using fd = await openNetlinkSocket(ns, 0, { groups: [1], receiveBytes: 1 << 20 });
    expect(recv(fd)).toBeUndefined();
    const watcher = watchFd(fd, () => undefined);
    watcher.unref();
    watcher.close();
    watcher.close();
  });
});

describe('the process itself', () => {
  it('stays in its namespace, with every thread, and keeps no descriptor', async () => {
    const own = ownNamespace();
    using ns = Netns.open(path);
    await Promise.all(Array.from({ length: 8 }, () => getSysctl(ns, 'net.ipv4.ip_forward')));
    const descriptors = openDescriptors();
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 10 }, () => getSysctl(ns, 'net.ipv4.ip_forward')));
      (await openNetlinkSocket(ns, 0)).close();
      await setSysctl(ns, 'net.ipv4.no_such', '1').catch(() => undefined);
    }
    expect(openDescriptors()).toBe(descriptors);
    expect([...liveFds().values()]).toEqual([`network namespace ${path}`]);
    expect(ownNamespace()).toBe(own);
    // A joined thread may be listed for some microseconds more.
    await vi.waitFor(() => expect(namespacesOfThreads().every((namespace) => namespace === own)).toBe(true), 60_000);
    expect(kernelThreads()).toBeGreaterThan(0);
    // They end when they have had nothing to do for five seconds.
    await vi.waitFor(() => expect(kernelThreads()).toBe(0), 60_000);
  });
});
