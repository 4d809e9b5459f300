import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from './selector.ts';

test.each([
  ['a=b', [{ key: 'a', operator: 'In', values: ['b'] }]],
  ['a == b', [{ key: 'a', operator: 'In', values: ['b'] }]],
  ['app.kubernetes.io/name!=x-1', [{ key: 'app.kubernetes.io/name', operator: 'NotIn', values: ['x-1'] }]],
  [
    'a in (x, y),b notin (z)',
    [
      { key: 'a', operator: 'In', values: ['x', 'y'] },
      { key: 'b', operator: 'NotIn', values: ['z'] },
    ],
  ],
  [
    'a, !b',
    [
      { key: 'a', operator: 'Exists', values: [] },
      { key: 'b', operator: 'DoesNotExist', values: [] },
    ],
  ],
  ['a=', [{ key: 'a', operator: 'In', values: [''] }]],
  ['', []],
])('parseLabelSelector reads %s', (text, requirements) => {
  expect(parseLabelSelector(text)).toEqual(requirements);
});

test.each(['a b', '=a', 'a in x', 'a=b=c', ',', 'a,,b', '-a'])('parseLabelSelector refuses %s', (text) => {
  expect(() => parseLabelSelector(text)).toThrow(/parse label selector/);
});

test('for any labels a condition and its opposite never hold together', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  const pairs = [
    ['a=b', 'a!=b'],
    ['a in (b,c)', 'a notin (b,c)'],
    ['a', '!a'],
  ] as const;
  fc.assert(
    fc.property(fc.dictionary(word, word), fc.constantFrom(...pairs), (labels, [one, other]) => {
      expect(matchesLabels(parseLabelSelector(one), labels)).toBe(!matchesLabels(parseLabelSelector(other), labels));
    }),
  );
});

test('labels named like properties of every object are not there unless set', () => {
  expect(matchesLabels(parseLabelSelector('constructor'), {})).toBe(false);
});

test('a field that an object lacks counts as an empty text', () => {
  const selectable = ['spec.nodeName'];
  expect(matchesFields(parseFieldSelector('spec.nodeName=', selectable), {})).toBe(true);
  expect(matchesFields(parseFieldSelector('spec.nodeName!=n1', selectable), { spec: { nodeName: 'n1' } })).toBe(false);
  expect(() => parseFieldSelector('spec.hostIP=1', selectable)).toThrow(/not supported/);
});
