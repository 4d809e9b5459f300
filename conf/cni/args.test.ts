import { expect, test } from 'vitest';
import { parseCniArgs } from './args.ts';

test('reads the keys of Kubernetes in any order', () => {
  const args = parseCniArgs(
    'K8S_POD_UID=u-1;K8S_POD_NAME=web-1;IgnoreUnknown=1;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_NAMESPACE=default;LABEL=x',
  );
  expect(args).toEqual({ pod: { namespace: 'default', name: 'web-1', uid: 'u-1' }, ips: [] });
});

test('reads addresses and MAC asked for', () => {
  const args = parseCniArgs('IP=10.0.0.5/24,fd00::5;MAC=02:00:00:00:00:01');
  expect(args.ips).toEqual(['10.0.0.5/24', 'fd00::5']);
  expect(args.mac).toBe('02:00:00:00:00:01');
});

test.each(['', ';'])('takes %j as no arguments', (text) => {
  expect(parseCniArgs(text).ips).toEqual([]);
});

test.each([
  ['K8S_POD_NAME', 'is not of the form key=value'],
  ['=x', 'is not of the form key=value'],
  ['MAC=a=b', 'is not of the form key=value'],
  ['FOO=1', 'unknown keys FOO'],
  ['FOO=1;IgnoreUnknown=false', 'unknown keys FOO'],
  ['FOO=1;IgnoreUnknown=yes', 'neither 1, true, 0 nor false'],
])('refuses %j', (text, problem) => {
  expect(() => parseCniArgs(text)).toThrow(problem);
});
