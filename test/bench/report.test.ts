import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { describeMachine, machineFacts } from './machine.ts';
import { between, reportOf, results, writeAll, writeDocs } from './report.ts';
import { type Row, ratioAtMost } from './row.ts';
import { sections } from './run.ts';
import { isWanted } from './section.ts';

const machine = {
  processor: 'Some CPU',
  cores: 2,
  memory: 24,
  kernel: '6.18.0',
  hz: 250,
  node: 'v24.0.0',
  distribution: 'Debian 12',
  packages: { libbpf1: '1.1.2' },
};
const row: Row = { id: 'add', what: 'ADD', unit: 'ms', values: [1, 1], beside: { what: 'ptp', values: [2, 2] }, goal: ratioAtMost(0.4) };
const report = reportOf([row], machine, new Date(0), 12.3);

describe('results', () => {
  it('say when, where, and how many goals are reached', () => {
    expect(results(report)).toMatch(
      /^Measured on 1970-01-01 in 12 s: 2 × Some CPU, 24 GiB, Debian 12, Linux 6\.18\.0 \(HZ=250\), Node v24\.0\.0; libbpf1 1\.1\.2\. 0 of 1 goals are reached\.\n\n!\[.+\]\(performance\.svg\)\n\n\| what/,
    );
  });

  it('replace what stands between the marks, and nothing else', () => {
    expect(between('a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nz', 'new')).toBe(
      'a\n<!-- bench:begin -->\nnew\n<!-- bench:end -->\nz',
    );
    expect(() => between('a page', 'new')).toThrow('no <!-- bench:begin -->');
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are the page, its numbers and its picture; single values go elsewhere', () => {
    writeFileSync(join(folder, 'performance.md'), '<!-- bench:begin -->\n<!-- bench:end -->\n');
    writeDocs(folder, report);
    writeAll(join(folder, 'sub', 'bench.json'), report, [row]);
    expect(readFileSync(join(folder, 'performance.md'), 'utf8')).toContain('| ADD | 1.00 |');
    expect(JSON.parse(readFileSync(join(folder, 'performance.json'), 'utf8'))).toMatchObject({ readings: [{ id: 'add', reached: false }] });
    expect(readFileSync(join(folder, 'performance.svg'), 'utf8')).toContain('<svg');
    expect(JSON.parse(readFileSync(join(folder, 'sub', 'bench.json'), 'utf8'))).toMatchObject({
      values: [{ id: 'add', values: [1, 1], beside: [2, 2] }],
    });
  });
});

describe('this machine', () => {
  it('is described from what it says itself', () => {
    expect(describeMachine(machineFacts())).toMatch(/^\d+ × .+, \d+ GiB, .+, Linux \d.+, Node v24/);
  });

  it('may say less', () => {
    const { hz: _, ...rest } = { ...machine, packages: {} };
    expect(describeMachine(rest)).toBe('2 × Some CPU, 24 GiB, Debian 12, Linux 6.18.0, Node v24.0.0');
  });
});

it.each([
  [undefined, sections.length],
  ['daemon-memory-0', 1],
  ['add', 1],
  ['path-', 2],
  ['nothing', 0],
])('--only %s runs %d sections', (only, count) => {
  expect(sections.filter((section) => isWanted(section, only))).toHaveLength(count);
});
