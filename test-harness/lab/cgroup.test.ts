import { describe, expect, it } from 'vitest';
import { findCgroup2 } from './cgroup.ts';

describe('the cgroup2 mount', () => {
  it('is found on a hybrid machine', () => {
    const mountinfo = [
      '30 23 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
      '31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
      '32 30 0:28 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw',
    ].join('\n');
    expect(findCgroup2(mountinfo)).toBe('/sys/fs/cgroup/unified');
  });

  it('is found on a unified machine', () => {
    expect(findCgroup2('30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate')).toBe('/sys/fs/cgroup');
  });

  it('may be missing', () => {
    expect(findCgroup2('23 1 8:1 / / rw - ext4 /dev/sda1 rw\n')).toBeUndefined();
  });
});
