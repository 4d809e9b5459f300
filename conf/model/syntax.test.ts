import { describe, expect, it } from 'vitest';
import { dnsLabel, dnsSubdomain, labelValue, portName, qualifiedName, sourcedKey } from './syntax.ts';

const forms = { dnsLabel, dnsSubdomain, labelValue, portName, qualifiedName, sourcedKey };
const long = (length: number): string => 'a'.repeat(length);

describe.each([
  ['dnsLabel', ['a', '0', 'a-b', long(63)], ['', '-a', 'a-', 'A', 'a.b', 'a_b', long(64)]],
  ['dnsSubdomain', ['a', 'a.b-c.0', `${long(63)}.${long(63)}`], ['', '.a', 'a.', 'a..b', 'a.-b', 'A', long(254)]],
  ['labelValue', ['', 'a', 'A.b_c-d', long(63)], ['-', 'a-', '.a', 'a b', 'a/b', long(64)]],
  ['portName', ['http', 'a', '80a', 'a-b'], ['', '80', '-a', 'a-', 'a--b', 'HTTP', long(16)]],
  ['qualifiedName', ['a', 'A_b.c', 'example.com/a', `${long(253)}/${long(63)}`], ['', '/a', 'a/', 'a/b/c', 'A/b', 'a b', long(64)]],
  [
    'sourcedKey',
    ['a', 'k8s:a', 'any:example.com/a', 'reserved:host', 'k8s.a', 'io.kubernetes.pod.namespace'],
    ['', 'k8s:', ':a', 'k8s:a b', 'k8s:k8s:a'],
  ],
] as const)('%s', (name, good, bad) => {
  const { matches, pattern, maxLength } = forms[name];

  it.each(good)('takes %j, and so does its pattern', (text) => {
    expect(matches(text)).toBe(true);
    expect(new RegExp(pattern).test(text) && text.length <= maxLength).toBe(true);
  });

  it.each(bad)('refuses %j', (text) => {
    expect(matches(text)).toBe(false);
  });
});
