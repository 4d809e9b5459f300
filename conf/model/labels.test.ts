import { describe, expect, it } from 'vitest';
import { formatSelector, matchesLabels } from './labels.ts';

const labels = { app: 'web', tier: 'front', empty: '' };

describe('matchesLabels', () => {
  it.each([
    [{}, true],
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'web', tier: 'back' } }, false],
    [{ matchLabels: { toString: '' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'web'] }] }, true],
    [{ matchExpressions: [{ key: 'gone', operator: 'In', values: [''] }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'gone', operator: 'NotIn', values: ['web'] }] }, true],
    [{ matchExpressions: [{ key: 'empty', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'gone', operator: 'DoesNotExist' }] }, true],
    [{ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
  ] as const)('%j: %j', (selector, isMatch) => {
    expect(matchesLabels(selector, labels)).toBe(isMatch);
  });
});

describe('formatSelector', () => {
  it('prints what kubectl prints', () => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'a', operator: 'In', values: ['x', 'y'] },
        { key: 'b', operator: 'NotIn', values: ['z', 'w'] },
        { key: 'c', operator: 'Exists' },
        { key: 'd', operator: 'DoesNotExist' },
      ],
    } as const;
    expect(formatSelector(selector)).toBe('app=web,a in (x,y),b notin (z,w),c,!d');
    expect(formatSelector({})).toBe('<none>');
  });
});
