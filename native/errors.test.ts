import { describe, expect, it } from 'vitest';
import { BpfError, calling, errnoName, errnoText, hasErrno, NetlinkError, SyscallError, Unsupported, VerifierError } from './errors.ts';

const addonFailure = () => Object.assign(new Error('open: no'), { syscall: 'open', errno: 2 });

describe('errno', () => {
  it('has a name and words for each number', () => {
    expect([2, 17, 67, 95, 524, 9999].map(errnoName)).toEqual(['ENOENT', 'EEXIST', 'ENOLINK', 'EOPNOTSUPP', 'ENOTSUPP', 'errno 9999']);
    expect(errnoText(2)).toBe('no such file or directory');
    expect(errnoText(9999)).toBe('error 9999');
  });
});

describe('errors', () => {
  it('say what was being done and what the kernel said', () => {
    expect(new SyscallError('open', 2, 'open /run/netns/a')).toMatchObject({
      code: 'SYSCALL',
      message: 'open /run/netns/a: no such file or directory',
      errnoName: 'ENOENT',
    });
    expect(new NetlinkError('create veth lxc1', 17, { kernelMessage: 'taken', offset: 20 })).toMatchObject({
      code: 'NETLINK',
      message: 'create veth lxc1: file exists (taken)',
      kernelMessage: 'taken',
      offset: 20,
    });
    expect(new NetlinkError('create veth lxc1', 17).message).toBe('create veth lxc1: file exists');
    expect(new Unsupported('attach', 'tcx links', '6.6')).toMatchObject({ code: 'UNSUPPORTED', since: '6.6' });
  });

  it('show the end of a verifier log, and keep all of it', () => {
    const log = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
    const error = new VerifierError('axo_from_host', 13, log);
    expect(error.message).toMatch(/^load program axo_from_host: refused by the verifier: permission denied\nline 80\n/);
    expect(error.tail.split('\n').length).toBe(20);
    expect(error.log).toBe(log);
    expect(new VerifierError('axo', 22, '').message).toBe('load program axo: refused by the verifier: invalid argument');
  });
});

describe('calling', () => {
  it('turns an addon failure into a SyscallError and passes everything else on', () => {
    const fail = (error: unknown) => () => {
      throw error;
    };
    expect(() => calling('open x', fail(addonFailure()))).toThrow(SyscallError);
    const other = new BpfError('no');
    expect(() => calling('open x', fail(other))).toThrow(other);
    expect(calling('open x', () => 7)).toBe(7);
  });
});

describe('hasErrno', () => {
  it('reads our errors and those of Node', () => {
    expect(hasErrno(new SyscallError('open', 2, 'x'), 'ENOENT')).toBe(true);
    expect(hasErrno(Object.assign(new Error('x'), { errno: -2, code: 'ENOENT' }), 'ENOENT')).toBe(true);
    expect(hasErrno(new BpfError('x', 17), 'EEXIST')).toBe(true);
    expect(hasErrno(new Error('x'), 'ENOENT')).toBe(false);
    expect(hasErrno('ENOENT', 'ENOENT')).toBe(false);
  });
});
