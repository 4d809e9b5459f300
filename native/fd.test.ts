import { fstatSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Fd, liveFds } from './fd.ts';
import { sysctlPath } from './sysctl.ts';

describe('Fd', () => {
  it('closes once, tells, and refuses use afterwards', () => {
    const fd = Fd.adopt(openSync('/dev/null', 'r'), 'null device');
    const number = fd.use();
    expect([...liveFds().values()]).toEqual(['null device']);
    fd.close();
    fd.close();
    expect(fd.closed).toBe(true);
    expect(() => fd.use()).toThrow('use null device: the descriptor is closed');
    expect(() => fstatSync(number)).toThrow('EBADF');
    expect(liveFds().size).toBe(0);
  });

  it('goes with its block', () => {
    {
      using fd = Fd.adopt(openSync('/dev/null', 'r'), 'null device');
      expect(fd.closed).toBe(false);
    }
    expect(liveFds().size).toBe(0);
  });
});

describe('sysctlPath', () => {
  it('takes names as sysctl(8) does', () => {
    expect(sysctlPath('net.ipv4.ip_forward')).toBe('/proc/sys/net/ipv4/ip_forward');
    expect(sysctlPath('net.ipv4.conf.eth0/5.rp_filter')).toBe('/proc/sys/net/ipv4/conf/eth0.5/rp_filter');
  });

  it('refuses names that lead elsewhere', () => {
    for (const name of ['kernel.pid_max', 'net', 'net..ipv4', 'net.//.kernel', 'net./.kernel'])
      expect(() => sysctlPath(name)).toThrow(RangeError);
  });
});
