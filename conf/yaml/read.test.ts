import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printYaml } from './print.ts';
import { readYaml, YamlError } from './read.ts';

const text = `# a comment
kind: Pod
metadata:
  name: web
  labels: {app: x,
    "tier": y}
---
items:
- a
-
  name: b
  ports: [
    1,
    2]
- &x {q: 1}
- <<: *x
`;

describe('readYaml', () => {
  it('reads all documents with merge keys', () => {
    expect(readYaml(text).map(({ value }) => value)).toEqual([
      { kind: 'Pod', metadata: { name: 'web', labels: { app: 'x', tier: 'y' } } },
      { items: ['a', { name: 'b', ports: [1, 2] }, { q: 1 }, { q: 1 }] },
    ]);
  });

  it.each([
    [0, [], 2],
    [0, ['metadata', 'name'], 4],
    [0, ['metadata', 'labels', 'tier'], 6],
    [0, ['metadata', 'missing'], 3],
    [1, ['items'], 8],
    [1, ['items', 0], 9],
    [1, ['items', 1, 'name'], 11],
    [1, ['items', 1, 'ports', 1], 14],
    [1, ['items', 9], 8],
  ])('document %i has %j in line %i', (index, path, line) => {
    expect(readYaml(text)[index]?.lineOf(path)).toBe(line);
  });

  it.each(['', '\n', '---\n', '# nothing\n', '---\n---\n'])('finds no document in %j', (empty) => {
    expect(readYaml(empty)).toEqual([]);
  });

  it('keeps the lines of documents behind an empty one', () => {
    expect(readYaml('---\n---\na: 1\n')[0]?.lineOf(['a'])).toBe(3);
  });

  it.each([
    ['a: 1\nb: 2\na: 3\n', 3],
    ['a: 1\n---\nb: [\n', 4],
    ['a:\n\t- b\n', 2],
  ])('refuses %j with line %i', (bad, line) => {
    const read = () => readYaml(bad);
    expect(read).toThrow(YamlError);
    expect(read).toThrow(expect.objectContaining({ code: 'YAML', line }));
  });

  it('reads what printYaml prints, whatever the value', () => {
    const value = fc.jsonValue({ maxDepth: 4 }).filter((json) => json !== null);
    fc.assert(
      fc.property(value, (json) => {
        const normal: unknown = JSON.parse(JSON.stringify(json));
        expect(readYaml(printYaml(normal)).map((document) => document.value)).toEqual([normal]);
      }),
    );
  });
});

describe('printYaml', () => {
  it('prints lists and keys as kubectl does', () => {
    expect(printYaml({ spec: { cidrs: ['10.0.0.0/8'], on: 'yes', port: '80' } })).toBe(
      'spec:\n  cidrs:\n  - 10.0.0.0/8\n  "on": "yes"\n  port: "80"\n',
    );
  });
});
