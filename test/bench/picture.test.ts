import { describe, expect, it } from 'vitest';
import { picture } from './picture.ts';
import { medianAtMost, type Row, ratioAtLeast, ratioAtMost, read } from './row.ts';

const rows: readonly Row[] = [
  { id: 'add', what: 'ADD <warm>', unit: 'ms', values: [1], beside: { what: 'ptp & co', values: [2] }, goal: ratioAtMost(0.6) },
  { id: 'cold', what: 'ADD, cold', unit: 'ms', values: [60], beside: { what: 'ptp', values: [2] } },
  { id: 'stream', what: 'stream', unit: 'Gbit/s', values: [9], beside: { what: 'kernel', values: [10] }, goal: ratioAtLeast(1) },
  { id: 'memory', what: 'memory', unit: 'MB', values: [60], goal: medianAtMost(80) },
];

/** Numbers of an attribute, in the order of the text. */
const numbers = (svg: string, pattern: RegExp): number[] => [...svg.matchAll(pattern)].map((match) => Number(match[1]));

describe('the picture', () => {
  const svg = picture(rows.map(read), '2026-11-21, Linux 6.18');

  it('has a title and says in words all that it shows', () => {
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title desc">/);
    expect(svg).toContain('<title id="title">axoneme beside its peers</title>');
    expect(svg).toMatch(/<desc id="desc">ADD &lt;warm&gt; : ptp &amp; co: 0\.50 × \(≤ 0\.600 ×\); .*memory: 60\.0 MB/);
  });

  it('is well-formed: every element is closed, no text is raw', () => {
    const open: string[] = [];
    for (const [, close, name = '', selfClosed] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!selfClosed) open.push(name);
    }
    expect(open).toEqual([]);
    expect(svg.replaceAll(/&(amp|lt|gt|quot);/g, '')).not.toContain('&');
  });

  it('draws bars in proportion, and cuts off what is too long', () => {
    const bars = numbers(svg, /<rect [^>]*width="([0-9.]+)"/g);
    expect(bars[0]).toBeCloseTo((bars[1] ?? 0) * (0.5 / 4), 0);
    expect(bars[2]).toBeCloseTo((bars[1] ?? 0) * (0.9 / 4), 0);
    expect(svg).toContain('30.00 ×');
  });

  it('marks goals, and tells with colours whether they are reached', () => {
    expect(numbers(svg, /class="goal" x1="([0-9.]+)"/g)).toHaveLength(2);
    expect([...svg.matchAll(/<rect class="(\w+)"/g)].map(([, kind]) => kind)).toEqual(['reached', 'free', 'missed', 'reached']);
  });

  it('is readable on light and on dark', () => {
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
  });

  it('leaves out groups without rows', () => {
    expect(picture([read(rows[3] as Row)], '')).not.toContain('peer’s: less');
  });
});
