import { describe, expect, it } from 'vitest';
import { firstOfEach, hostsFile, resolvFile } from './names.ts';

describe('name files', () => {
  it('show a machine itself and its neighbours', () => {
    const entries = [
      { name: 'a', addresses: ['198.18.0.1', '2001:db8::1'] },
      { name: 'b', addresses: ['198.18.0.2'] },
    ];
    expect(hostsFile('a', entries).split('\n').slice(2)).toEqual(['198.18.0.1 a', '2001:db8::1 a', '198.18.0.2 b', '']);
  });

  it('show a machine without cable to itself', () => {
    expect(hostsFile('lonely', [{ name: 'lonely', addresses: [] }])).toContain('127.0.1.1 lonely\n');
  });

  it('name the servers that were asked for', () => {
    expect(resolvFile(['198.18.0.9'])).toBe('nameserver 198.18.0.9\noptions timeout:1 attempts:2\n');
    expect(resolvFile([])).not.toContain('nameserver');
  });

  it('take the first address of each family', () => {
    const rows = [
      { family: 6, address: 'fd00::1' },
      { family: 4, address: '10.0.0.1' },
      { family: 4, address: '10.0.0.2' },
    ] as const;
    expect(firstOfEach(rows)).toEqual(['10.0.0.1', 'fd00::1']);
  });
});
