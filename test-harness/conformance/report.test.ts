import { describe, expect, it } from 'vitest';
import { formatCall } from './call.ts';
import type { ConformanceItem } from './item.ts';
import { conformanceItems } from './items/index.ts';
import { formatReport } from './report.ts';
import { subjectOf } from './subject.ts';
import type { Call } from './verdict.ts';

const call: Call = {
  plugin: '/opt/cni/bin/mine',
  env: { CNI_COMMAND: 'ADD', CNI_ARGS: 'A=b;C=d' },
  stdin: '{"name":"it\'s"}',
  result: { code: 1, signal: null, stdout: '{\n  "code": 7\n}\n', stderr: 'no\n', killed: false, duration: 3 },
};
const item: ConformanceItem = {
  id: 'an-item',
  section: '2 ADD',
  level: 'must',
  title: 'does <it>',
  since: '0.1.0',
  verbs: ['ADD'],
  run: async () => {},
};
const report = {
  plugin: '/opt/cni/bin/mine',
  versions: ['1.0.0'],
  items: [
    { item, outcome: { verdict: 'pass' }, duration: 1 },
    { item, outcome: { verdict: 'fail', reason: 'it did "that"', evidence: [call] }, duration: 2 },
    { item, outcome: { verdict: 'not-applicable', reason: 'no' }, duration: 0 },
  ],
} as const;

describe('a report', () => {
  it('shows a call as a command that repeats it', () => {
    expect(formatCall(call)).toBe(
      `printf %s '{"name":"it'\\''s"}' | CNI_COMMAND=ADD CNI_ARGS='A=b;C=d' /opt/cni/bin/mine\nexit: 1\nstdout: { "code": 7 }\nstderr: no`,
    );
  });

  it('is text with the evidence below each failure', () => {
    const text = formatReport(report, 'text');
    expect(text).toContain('FAIL an-item                            [2 ADD] does <it>\n       must: it did "that"\n       printf %s');
    expect(text).toMatch(/mine, versions 1.0.0: 1 passed, 1 failed, 1 not applicable\n$/);
  });

  it('is JSON', () => {
    const value = JSON.parse(formatReport(report, 'json'));
    expect(value.counts).toEqual({ pass: 1, fail: 1, 'not-applicable': 1 });
    expect(value.items[1]).toMatchObject({
      id: 'an-item',
      section: '2 ADD',
      level: 'must',
      verdict: 'fail',
      evidence: [{ stdin: call.stdin }],
    });
  });

  it('is XML for build servers', () => {
    const text = formatReport(report, 'junit');
    expect(text).toContain('<testsuite name="/opt/cni/bin/mine" tests="3" failures="1" skipped="1" time="0.003">');
    expect(text).toContain('<testcase classname="an-item" name="[2 ADD] does &lt;it&gt;" time="0.001"/>');
    expect(text).toContain('<failure type="must" message="it did &quot;that&quot;">printf %s');
    expect(text).toContain('<skipped message="no"/>');
  });
});

describe('the items', () => {
  it('have ids of their own, and sections of the specification', () => {
    const ids = conformanceItems.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(conformanceItems.filter(({ section }) => !/^[1-5] [A-Z]/.test(section))).toEqual([]);
  });
});

describe('a subject', () => {
  const ipam = { type: 'host-local', subnet: '10.0.0.0/24' };
  const chain = { name: 'net', cniVersion: '1.0.0', plugins: [{ type: 'ptp', ipam }, { type: 'tuning' }, { type: 'portmap' }] };

  it.each([
    ['/usr/lib/cni/ptp', { type: 'ptp', ipam }, 'interface', []],
    ['/usr/lib/cni/ptp', chain, 'interface', []],
    ['/usr/lib/cni/tuning', chain, 'chained', ['ptp']],
    ['/usr/lib/cni/portmap', chain, 'chained', ['ptp', 'tuning']],
    ['/usr/lib/cni/host-local', { type: 'ptp', ipam }, 'ipam', []],
  ])('%s in %j is an %s plugin', (plugin, config, role, before) => {
    const subject = subjectOf({ plugin, config });
    expect([subject.role, subject.before.map(({ type }) => type)]).toEqual([role, before]);
    expect(subject.config).not.toHaveProperty('cniVersion');
  });

  it('is refused when its configuration is about others', () => {
    expect(() => subjectOf({ plugin: '/x/mine', config: chain })).toThrow(
      'find mine in its configuration: the plugins there are ptp, tuning, portmap',
    );
    expect(() => subjectOf({ plugin: '/x/mine', config: { name: 'net' } })).toThrow('no type');
  });
});
