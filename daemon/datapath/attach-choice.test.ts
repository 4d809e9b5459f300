import { expect, it } from 'vitest';
import { requireTcx } from './links.ts';

it('names the kernel that is needed when this one has no tcx', () => {
  expect(() => requireTcx('no', '6.1.0-18-amd64')).toThrow(
    'start on Linux 6.1.0-18-amd64: it has no tcx links, which carry every program; axoneme needs Linux 6.6 or later',
  );
});

it.each(['yes', 'inconclusive'] as const)('lets a kernel be tried whose probe said %s', (answer) => {
  expect(() => requireTcx(answer, '6.18.44')).not.toThrow();
});
