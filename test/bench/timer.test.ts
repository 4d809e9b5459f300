import { expect, it } from 'vitest';
import { decodeOutcomes, elapsed, encodeBatches } from './timer.ts';

it('batches are written job by job: numbers, strings with a NUL each, stdin', () => {
  const job = { argv: ['/bin/cat', '-'] as const, env: { A: 'ä' }, input: '{"ü":1}' };
  expect(
    encodeBatches([{ jobs: [{ ...job, argv: ['/bin/cat', '-'] }], pause: 5 }, { jobs: [{ argv: ['/bin/true'], env: {}, input: '' }] }]),
  ).toBe('0 5 2 1 8\n/bin/cat\0-\0A=ä\0{"ü":1}1 0 1 0 0\n/bin/true\0');
});

it('outcomes are read by their length in bytes', () => {
  const [first, second, ...rest] = decodeOutcomes('1000000 3500000 900000 400000 0 4\nä\n1\n2000000 9000000 0 0 137 0\n\n');
  expect(first).toEqual({ milliseconds: 2.5, began: 1, ended: 3.5, processor: 0.9, server: 0.4, status: 0, stdout: 'ä\n1' });
  expect(second).toMatchObject({ milliseconds: 7, status: 137, stdout: '' });
  expect(rest).toEqual([]);
});

it('a burst takes from the first start to the last end', () => {
  expect(elapsed(decodeOutcomes('1000000 3000000 0 0 0 0\n\n2000000 9000000 0 0 0 0\n\n'))).toBe(8);
});

it('stdin that no pipe holds is refused', () => {
  expect(() => encodeBatches([{ jobs: [{ argv: ['/bin/cat'], env: {}, input: 'x'.repeat(65_537) }] }])).toThrow('more than a pipe holds');
});
