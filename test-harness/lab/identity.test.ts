import { describe, expect, it } from 'vitest';
import { isAlive, labOwner, nextLabName } from './identity.ts';

describe('lab names', () => {
  it('are different every time and name this process', () => {
    const [first, second] = [nextLabName(), nextLabName()];
    expect(first).not.toBe(second);
    expect(labOwner(first)?.pid).toBe(process.pid);
  });

  it('tell that the maker is alive', () => {
    const owner = labOwner(nextLabName());
    expect(owner && isAlive(owner)).toBe(true);
  });

  it('tell a reused pid from the maker by its start time', () => {
    const owner = labOwner(nextLabName());
    expect(owner && isAlive({ ...owner, startTime: '1' })).toBe(false);
  });

  it('leave makers of other pid namespaces alone', () => {
    const owner = labOwner(nextLabName());
    expect(owner && isAlive({ ...owner, pidNamespace: '1', startTime: '1' })).toBe(true);
  });

  it.each(['init.scope', 'axolab', 'axolab.1.2.3', 'axolabs.1.2.3.4.5'])('are not read from %s', (name) => {
    expect(labOwner(name)).toBeUndefined();
  });
});
