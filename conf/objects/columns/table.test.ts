import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../meta.ts';
import { findKind } from '../registry.ts';
import { samples } from '../testing/samples.ts';
import { ageOf } from './age.ts';
import { valuesAt } from './json-path.ts';
import { tableOf } from './table.ts';

const now = new Date('2026-01-31T12:05:03Z');

/** The table of the samples of a kind, cells separated by bars. */
function table(word: string, options: { readonly isWide?: boolean; readonly withNamespace?: boolean } = {}): string[] {
  const kind = findKind(word);
  if (!kind) throw new Error(`find kind ${word}: unknown`);
  const objects = samples.filter((value) => (value as KubeObject).kind === kind.kind);
  const { head, rows } = tableOf(kind.columns, objects, { now, ...options });
  return [head, ...rows].map((cells) => cells.join('|'));
}

describe('tables of the samples, as kubectl get shows them', () => {
  it.each([
    ['cn', {}, ['NAME|CILIUMINTERNALIP|INTERNALIP|AGE', 'w1|172.20.42.1|192.168.0.11|5m3s']],
    [
      'ciliumendpoints',
      { withNamespace: true },
      ['NAMESPACE|NAME|SECURITY IDENTITY|ENDPOINT STATE|IPV4|IPV6', 'shop|web-6d4b75cb6d-hx2k9|54321|ready|172.20.42.4|fd00::4'],
    ],
    [
      'cep',
      { isWide: true },
      [
        'NAME|SECURITY IDENTITY|INGRESS ENFORCEMENT|EGRESS ENFORCEMENT|ENDPOINT STATE|IPV4|IPV6',
        'web-6d4b75cb6d-hx2k9|54321|enforcing||ready|172.20.42.4|fd00::4',
      ],
    ],
    ['ciliumid', {}, ['NAME|NAMESPACE|AGE', '54321|shop|<unknown>']],
    ['ccnp', {}, ['NAME|VALID', 'nodes|True']],
    ['lbippool', {}, ['NAME|DISABLED|CONFLICTING|IPS AVAILABLE|AGE', 'blue|false|||<unknown>', 'old|true|||<unknown>']],
    ['ns', {}, ['NAME|STATUS|AGE', 'shop|Active|<unknown>']],
    ['no', {}, ['NAME|STATUS|ROLES|AGE|VERSION', 'w1|Ready|edge|<unknown>|v1.35.2']],
    ['po', { isWide: true }, ['NAME|READY|STATUS|RESTARTS|AGE|IP|NODE', 'web-6d4b75cb6d-hx2k9|1/1|Running|2|<unknown>|172.20.42.4|w1']],
    [
      'svc',
      { isWide: true },
      [
        'NAME|TYPE|CLUSTER-IP|EXTERNAL-IP|PORT(S)|AGE|SELECTOR',
        'web|LoadBalancer|10.96.0.10|10.0.10.1|80:30080/TCP,443/TCP|<unknown>|app=web',
      ],
    ],
    ['endpointslices', {}, ['NAME|ADDRESSTYPE|PORTS|ENDPOINTS|AGE', 'web-abc12|IPv4|8080|172.20.42.4|<unknown>']],
    ['netpol', {}, ['NAME|POD-SELECTOR|AGE', 'web|app=web|<unknown>']],
    ['leases', {}, ['NAME|HOLDER|AGE', 'cilium-operator-resource-lock|n1-bcdfghjklm|<unknown>']],
    ['cpip', {}, ['NAME|AGE', 'vac|<unknown>']],
  ])('%s %j', (word, options, rows) => {
    expect(table(word, options)).toEqual(rows);
  });

  it.each(samples.map((value) => (value as KubeObject).kind))('cells of %s stand an object that is all wrong', (name) => {
    const kind = findKind(name);
    for (const object of [{}, { metadata: 7, spec: [], status: 'x' }, { spec: { ports: [1], containers: 2 }, endpoints: [{}] }]) {
      expect(tableOf(kind?.columns ?? [], [object], { now, isWide: true }).rows[0]?.every((cell) => typeof cell === 'string')).toBe(true);
    }
  });
});

describe('cells', () => {
  const cells = (word: string, object: object): readonly string[] | undefined =>
    tableOf(findKind(word)?.columns ?? [], [object], { now }).rows[0]?.slice(1);

  it('of a pod tell that it terminates, and why it failed', () => {
    expect(cells('po', { metadata: { deletionTimestamp: 'x' }, status: { phase: 'Running' } })?.[1]).toBe('Terminating');
    expect(cells('po', { status: { phase: 'Failed', reason: 'Evicted' } })?.[1]).toBe('Evicted');
  });

  it('of a node tell that it is not ready or cordoned', () => {
    expect(cells('no', { status: { conditions: [{ type: 'Ready', status: 'False' }] }, spec: { unschedulable: true } })?.[0]).toBe(
      'NotReady,SchedulingDisabled',
    );
  });

  it('of a service tell what it has from outside', () => {
    expect(cells('svc', { spec: { type: 'LoadBalancer' } })?.[2]).toBe('<pending>');
    expect(cells('svc', { spec: { type: 'ExternalName', externalName: 'a.b' } })?.[2]).toBe('a.b');
    expect(cells('svc', { spec: { externalIPs: ['1.2.3.4', '1.2.3.5'] } })?.[2]).toBe('1.2.3.4,1.2.3.5');
  });

  it('of a slice are shortened', () => {
    const endpoints = [1, 2, 3, 4, 5].map((n) => ({ addresses: [`10.0.0.${n}`] }));
    expect(cells('endpointslice', { endpoints })?.[2]).toBe('10.0.0.1,10.0.0.2,10.0.0.3 + 2 more...');
  });
});

describe('valuesAt', () => {
  const object = {
    a: [
      { t: 'x', v: 1 },
      { t: 'y', v: 2 },
    ],
    'b.c': { 'd-e': 3 },
  };
  it.each([
    ['', [object]],
    ['.a[0].v', [1]],
    ['.a[9].v', []],
    ['.a[?(@.t=="y")].v', [2]],
    [".a[?(@.t=='z')].v", []],
    ['.b\\.c.d-e', [3]],
    ['.missing.deeper', []],
    ['.constructor', []],
  ])('%j', (path, values) => {
    expect(valuesAt(path, object)).toEqual(values);
  });

  it.each(['a', '.a[*]', '.a[', '..a'])('refuses %j', (path) => {
    expect(() => valuesAt(path, object)).toThrow(SyntaxError);
  });
});

describe('ageOf', () => {
  const ago = (seconds: number): string => ageOf(new Date(now.getTime() - seconds * 1000).toISOString(), now);
  it.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [303, '5m3s'],
    [600, '10m'],
    [3 * 3600 - 1, '179m'],
    [3 * 3600, '3h'],
    [5 * 3600 + 60 * 7, '5h7m'],
    [47 * 3600, '47h'],
    [2 * 86400, '2d'],
    [2 * 86400 + 3600 * 5, '2d5h'],
    [8 * 86400, '8d'],
    [800 * 86400, '2y70d'],
    [8 * 365 * 86400, '8y'],
  ])('%i seconds: %s', (seconds, text) => {
    expect(ago(seconds)).toBe(text);
  });

  it('says when there is no such time', () => {
    expect(ageOf(undefined, now)).toBe('<unknown>');
    expect(ageOf('soon', now)).toBe('<unknown>');
    expect(ago(-60)).toBe('<invalid>');
  });
});
