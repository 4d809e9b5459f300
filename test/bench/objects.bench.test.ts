import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readManifest } from '../../conf/objects/documents.ts';
import { type KubeObject, parseManifest } from '../../conf/objects/index.ts';
import { printYamlDocuments } from '../../conf/yaml/print.ts';

/*
 * How long 5,000 objects in one file take to read, fill in and check (docs/objects.md, "Speed"), against JSON.parse of the same objects in the same run.
 * Processor time, so that other work on the machine counts little.
 */

const sample = readFileSync(new URL('../../conf/objects/testdata/valid.yaml', import.meta.url), 'utf8');
const [policy] = readManifest(sample, 'valid.yaml').map(({ value }) => value as KubeObject);
const objects = Array.from({ length: 5000 }, (_, n) => ({ ...policy, metadata: { ...policy?.metadata, name: `p${n}` } }));
const json = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
const yaml = printYamlDocuments(objects);

/** Milliseconds of processor time, the least of five runs. */
function costOf(work: () => unknown): number {
  const costs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    work();
    return process.cpuUsage(before).user / 1000;
  });
  return Math.min(...costs);
}

it('5,000 policies take no more than 40 times JSON.parse as YAML, and 20 times as JSON', () => {
  const parse = costOf(() => JSON.parse(json));
  const ratios = {
    yaml: costOf(() => parseManifest(yaml, 'all.yaml')) / parse,
    json: costOf(() => parseManifest(json, 'all.json')) / parse,
  };
  expect(ratios).toEqual({
    yaml: expect.toSatisfy((ratio: number) => ratio < 40),
    json: expect.toSatisfy((ratio: number) => ratio < 20),
  });
});
