import { expect, it } from 'vitest';
import { chooseAttach, requireKernel } from './attach-choice.ts';

it('takes tcx where the kernel has it', () => {
  expect(chooseAttach(true, 'yes', '6.12.9')).toEqual({ kind: 'tcx', mode: 'TCX', reason: 'Linux 6.12.9 has tcx links' });
  expect(chooseAttach(true, 'inconclusive', '6.12.9')).toMatchObject({ kind: 'tcx', reason: 'Linux 6.12.9 does not tell' });
});

it('falls back to filters before 6.6, and where the configuration says so', () => {
  expect(chooseAttach(true, 'no', '6.1.0-18')).toEqual({ kind: 'clsact', mode: 'Legacy TC', reason: 'Linux 6.1.0-18 has no tcx links' });
  expect(chooseAttach(false, 'yes', '6.12.9')).toEqual({ kind: 'clsact', mode: 'Legacy TC', reason: 'bpf.enableTCX is false' });
});

it('names the kernel that is needed when this one is too old', () => {
  expect(() => requireKernel('no', '5.4.0-150')).toThrow(
    'start on Linux 5.4.0-150: it has no bpf_redirect_peer, by which packets reach pods; axoneme needs Linux 5.10 or later',
  );
});

it.each(['yes', 'inconclusive'] as const)('lets a kernel be tried whose probe said %s', (answer) => {
  expect(() => requireKernel(answer, '6.18.44')).not.toThrow();
});
