import { describe, expect, it } from 'vitest';
import { kernelNames } from '../../test-harness/vm/kernels.ts';
import { cells, importance, matrix, nameOf } from './matrix.ts';
import { wishOf } from './wish.ts';

describe('the arguments of test:kernels', () => {
  it('name kernels and suites, and a command behind --', () => {
    expect(wishOf(['--kernel', '6.1', '--kernel', '6.12', '--suite', 'smoke'])).toMatchObject({
      kernels: ['6.1', '6.12'],
      suites: ['smoke'],
    });
    expect(wishOf(['--kernel', '6.12', '--', 'ls', '--', '-l']).command).toEqual(['ls', '--', '-l']);
  });

  it('are refused with what there is', () => {
    expect(() => wishOf(['--kernel', '2.6'])).toThrow("use kernel '2.6': there are 5.10, 6.1, 6.12, newest");
    expect(() => wishOf(['--suite', 'all'])).toThrow("use suite 'all': there are prog, verifier, netkit");
  });
});

describe('the cells', () => {
  it('are the whole matrix, the most important first, and each has its place in that order', () => {
    const all = cells(undefined, undefined);
    expect(all).toHaveLength(Object.values(matrix).flat().length);
    expect(all.map(nameOf).slice(0, 2)).toEqual(['6.12 smoke', '6.12 netkit']);
    expect(all.map(nameOf).sort()).toEqual([...importance].sort());
    expect(new Set(all.map(({ kernel }) => kernel))).toEqual(new Set(kernelNames));
  });

  it('are those of one kernel, of one suite, or one that the matrix has not', () => {
    expect(cells(['6.1'], undefined).map(({ suite }) => suite)).toEqual(matrix['6.1']);
    expect(cells(undefined, ['netkit'])).toEqual([{ kernel: '6.12', suite: 'netkit' }]);
    expect(cells(['5.10'], ['conformance'])).toEqual([{ kernel: '5.10', suite: 'conformance' }]);
  });
});
