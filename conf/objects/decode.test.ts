import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printYamlDocuments } from '../yaml/print.ts';
import { decodeAs, decodeObject } from './decode.ts';
import { parseManifest } from './documents.ts';
import { ObjectError } from './error.ts';
import { ciliumNode } from './kinds/cilium-node.ts';
import { networkPolicy } from './kinds/network-policy.ts';
import { pod } from './kinds/pod.ts';
import { service } from './kinds/service.ts';
import { displayName } from './meta.ts';
import { allKinds } from './registry.ts';
import { samples, validText } from './testing/samples.ts';

const strict = { unknownFields: 'refuse' } as const;
const stored = { unknownFields: 'keep' } as const;

function problemsOf(value: unknown, options: typeof strict | typeof stored = strict): string[] {
  try {
    decodeObject(value, options);
    return [];
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
    return error.problems.map(({ path, reason }) => `${path}: ${reason}`);
  }
}

const label = (value: unknown): string => `${(value as { kind: string }).kind} ${displayName(value)}`;

describe('samples of all kinds', () => {
  it('are there for every kind', () => {
    expect(new Set(samples.map((value) => (value as { kind: string }).kind))).toEqual(new Set(allKinds.map(({ kind }) => kind)));
  });

  it.each(samples.map((value) => [label(value), value] as const))('%s is valid and complete', (_, value) => {
    expect(decodeObject(value, strict)).toBe(value);
  });

  it('are byte for byte the same after reading and printing', () => {
    expect(printYamlDocuments(parseManifest(validText, 'valid.yaml'))).toBe(validText);
  });
});

describe('fields that the schema does not name', () => {
  const policy = samples[0] as { spec: object };
  const newer = { ...policy, spec: { ...policy.spec, order: 7 }, newSection: { a: [1] } };

  it('are errors in kinds of cilium.io that people write', () => {
    expect(problemsOf(newer)).toEqual(['spec.order: unknown field', 'newSection: unknown field']);
  });

  it('stay in objects of a store, which a newer version may have written', () => {
    expect(decodeObject(newer, stored)).toBe(newer);
  });

  it('stay in core kinds, with their nulls and their order', () => {
    const value = JSON.parse(
      '{"kind":"Pod","zone":{"b":null,"a":[{}]},"apiVersion":"v1","metadata":{"name":"x","more":1},"spec":{"hostPID":null}}',
    );
    expect(JSON.stringify(decodeObject(value, strict))).toBe(JSON.stringify(value));
  });

  it('get the name that was probably meant', () => {
    const value = { apiVersion: 'cilium.io/v2', kind: 'CiliumNode', metadata: { name: 'n' }, spec: { ipam: { podCidrs: [] } } };
    expect(problemsOf(value)).toEqual(['spec.ipam.podCidrs: unknown field; did you mean spec.ipam.podCIDRs?']);
  });
});

describe('what the API server would fill in', () => {
  it('nulls of known fields are dropped', () => {
    const value = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', creationTimestamp: null }, status: null };
    expect(decodeObject(value, strict)).toEqual({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });
  });

  it('a Service has a type, an affinity and protocols', () => {
    const value = { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } };
    expect(decodeAs(service, value, strict).spec).toEqual({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ports: [{ port: 80, protocol: 'TCP' }],
    });
  });

  it.each([
    [{}, ['Ingress']],
    [{ egress: [] }, ['Ingress']],
    [{ egress: [{}] }, ['Ingress', 'Egress']],
    [{ egress: [{}], policyTypes: ['Egress'] }, ['Egress']],
  ])('a NetworkPolicy %j has the types %j', (spec, types) => {
    expect(decodeAs(networkPolicy, { metadata: { name: 'a' }, spec }, strict).spec?.policyTypes).toEqual(types);
  });

  it('the value that was read stays as it was', () => {
    const value = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', labels: null }, spec: { ports: [{ port: 80 }] } };
    const before = structuredClone(value);
    decodeObject(value, strict);
    expect(value).toEqual(before);
  });
});

describe('decodeAs', () => {
  it('takes items of lists, which have no kind', () => {
    expect(decodeAs(pod, { metadata: { name: 'a' } }, stored)).toEqual({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });
  });

  it('refuses objects of another kind', () => {
    expect(() => decodeAs(ciliumNode, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }, stored)).toThrow(
      'read object: kind: expected CiliumNode, got Pod',
    );
  });
});

describe('objects of no known kind', () => {
  it.each([
    [7, ': expected an object with apiVersion, kind and metadata'],
    [{}, 'kind: required field is missing'],
    [{ kind: 'Pod' }, 'apiVersion: required field is missing'],
    [{ apiVersion: 'v1', kind: 'Pods' }, 'kind: unknown kind "Pods"; did you mean Pod?'],
    [{ apiVersion: 'apps/v1', kind: 'Deployment' }, 'kind: unknown kind "Deployment"'],
    [{ apiVersion: 'cilium.io/v3', kind: 'CiliumNode' }, 'apiVersion: expected cilium.io/v2 for CiliumNode, got "cilium.io/v3"'],
    [
      { apiVersion: 'v1', kind: 'CiliumLoadBalancerIPPool' },
      'apiVersion: expected cilium.io/v2 or cilium.io/v2alpha1 for CiliumLoadBalancerIPPool, got "v1"',
    ],
  ])('%j is refused', (value, problem) => {
    expect(problemsOf(value)).toEqual([problem]);
  });
});

describe('metadata', () => {
  it.each([
    [{}, 'metadata.name: required field is missing'],
    [{ name: 'A' }, 'metadata.name: expected a name of lower-case letters, digits, - and ., at most 253 characters, got "A"'],
    [{ name: 'a'.repeat(254) }, 'metadata.name: expected text of 1 to 253 characters'],
    [{ name: 'a', namespace: 'x' }, 'metadata.namespace: a Node has no namespace'],
    [{ name: 'a', labels: { '-a': 'b' } }, 'metadata.labels.-a: expected a name of letters'],
    [{ name: 'a', labels: { a: 'x'.repeat(64) } }, 'metadata.labels.a: expected a label value'],
    [{ name: 'a', labels: { a: 1 } }, 'metadata.labels.a: expected text, got 1 (write "1")'],
    [
      { name: 'a', annotations: { a: 'x'.repeat(256 * 1024) } },
      'metadata.annotations: expected at most 262144 bytes of annotations, got 262145',
    ],
    [{ name: 'a', finalizers: ['a b'] }, 'metadata.finalizers[0]: expected a name of letters'],
    [{ name: 'a', creationTimestamp: 'yesterday' }, 'metadata.creationTimestamp: expected a time such as'],
    [{ name: 'a', ownerReferences: [{ kind: 'Pod' }] }, 'metadata.ownerReferences[0].apiVersion: required field is missing'],
  ])('%j is refused', (metadata, problem) => {
    expect(problemsOf({ apiVersion: 'v1', kind: 'Node', metadata })[0]).toContain(problem);
  });

  it('may leave the name to the store', () => {
    expect(problemsOf({ apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'web-' } })).toEqual([]);
  });

  it.each(['0', '16777216', 'web', '01'])('%j is no name of an identity', (name) => {
    expect(problemsOf({ apiVersion: 'cilium.io/v2', kind: 'CiliumIdentity', metadata: { name }, 'security-labels': {} })).toHaveLength(1);
  });
});

describe('any JSON', () => {
  const anywhere = fc.record({
    sample: fc.constantFrom(...samples),
    at: fc.array(fc.nat(), { maxLength: 8 }),
    value: fc.jsonValue({ maxDepth: 2 }),
  });

  it('in any place of an object is either valid or a list of problems, and reading it again changes nothing', () => {
    fc.assert(
      fc.property(anywhere, ({ sample, at, value }) => {
        const changed = replaceAt(sample, at, value);
        try {
          const object = decodeObject(changed, stored);
          expect(decodeObject(object, stored)).toBe(object);
        } catch (error) {
          expect(error).toBeInstanceOf(ObjectError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** The tree with another value in the place to which the numbers lead. */
function replaceAt(tree: unknown, [first, ...rest]: readonly number[], value: unknown): unknown {
  if (typeof tree !== 'object' || tree === null || first === undefined) return value;
  const keys = Object.keys(tree);
  const key = keys[first % Math.max(1, keys.length)];
  if (key === undefined) return value;
  const inner = replaceAt(Reflect.get(tree, key), rest, value);
  return Array.isArray(tree) ? tree.with(Number(key), inner) : { ...tree, [key]: inner };
}
