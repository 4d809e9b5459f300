import { describe, expect, it } from 'vitest';
import { parseManifest } from './documents.ts';

const node = (name: string): string => `apiVersion: cilium.io/v2\nkind: CiliumNode\nmetadata:\n  name: ${name}\n`;
const names = (text: string): unknown[] => parseManifest(text, 'x.yaml').map(({ metadata }) => metadata.name);

describe('parseManifest', () => {
  it.each([
    ['one document', node('a')],
    ['documents with empty ones between them', `---\n# nothing\n---\n${node('a')}---\n`],
    ['JSON', '{"apiVersion":"cilium.io/v2","kind":"CiliumNode","metadata":{"name":"a"}}'],
    ['a List', `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: cilium.io/v2, kind: CiliumNode, metadata: {name: a}}\n`],
    ['a list of the kind', '{"apiVersion":"cilium.io/v2","kind":"CiliumNodeList","items":[{"metadata":{"name":"a"}}]}'],
    ['a List in a List', '{"kind":"List","items":[{"kind":"List","items":[{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"}}]}]}'],
  ])('reads %s', (_, text) => {
    expect(names(text)).toEqual(['a']);
  });

  it('reads nothing in an empty file', () => {
    expect(names('\n')).toEqual([]);
  });

  it('names the line of every problem of every object', () => {
    const text = [
      'apiVersion: cilium.io/v2alpha1',
      'kind: CiliumPodIPPool',
      'metadata:',
      '  name: vac',
      '  namespace: x',
      'spec:',
      '  ipv4:',
      '    cidrs:',
      '    - 10.100.0.0/16',
      '    - 10.100.4.0/24',
      '    - 10.1.1.1/8',
      '    maskSize: 14',
      '---',
      'apiVersion: v1',
      'kind: List',
      'items:',
      '- kind: CiliumNod',
      '  apiVersion: cilium.io/v2',
    ].join('\n');
    expect(() => parseManifest(text, 'pool.yaml')).toThrow(
      [
        'read pool.yaml:5: CiliumPodIPPool x/vac: metadata.namespace: a CiliumPodIPPool has no namespace',
        'read pool.yaml:10: CiliumPodIPPool x/vac: spec.ipv4.cidrs[1]: 10.100.4.0/24 overlaps 10.100.0.0/16',
        'read pool.yaml:11: CiliumPodIPPool x/vac: spec.ipv4.cidrs[2]: expected an IPv4 network such as 10.0.0.0/8, got "10.1.1.1/8"',
        'read pool.yaml:12: CiliumPodIPPool x/vac: spec.ipv4.maskSize: a block of /14 does not fit into 10.100.0.0/16',
        'read pool.yaml:17: CiliumNod: kind: unknown kind "CiliumNod"; did you mean CiliumNode?',
      ].join('\n'),
    );
  });

  it('names the line in JSON too', () => {
    const text = '{\n"apiVersion":"cilium.io/v2",\n"kind":"CiliumNode",\n"metadata":{"name":"a"},\n"spec":{"ipam":7}}';
    expect(() => parseManifest(text, 'n.json')).toThrow('read n.json:5: CiliumNode a: spec.ipam: expected keys and values, got 7');
  });

  it.each([
    ['{"a": 1,\n}x', 'read x.yaml:2: not valid YAML: '],
    ['a: 1\na: 2\n', 'read x.yaml:2: not valid YAML: '],
  ])('refuses %j', (text, message) => {
    expect(() => names(text)).toThrow(message);
  });
});
