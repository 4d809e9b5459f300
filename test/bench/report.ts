import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeMachine, type MachineFacts } from './machine.ts';
import { picture } from './picture.ts';
import { type Reading, type Row, read, table } from './row.ts';

/** One run of the benchmark. */
export interface Report {
  readonly date: string;
  readonly machine: MachineFacts;
  /** How long all of it took. */
  readonly seconds: number;
  readonly readings: readonly Reading[];
}

export function reportOf(rows: readonly Row[], machine: MachineFacts, date: Date, seconds: number): Report {
  return { date: date.toISOString(), machine, seconds: Math.round(seconds), readings: rows.map(read) };
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Everything, each single value included. */
export function writeAll(file: string, report: Report, rows: readonly Row[]): void {
  const values = rows.map(({ id, values: ours, beside }) => ({ id, values: ours, ...(beside && { beside: beside.values }) }));
  write(file, json({ ...report, values }));
}

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** A page with what stands between its marks replaced. Throws when it has no marks. */
export function between(page: string, text: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`write the results: the page has no ${BEGIN} before a ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${text}\n${page.slice(end)}`;
}

const PICTURE = '![Every ratio and every bound as a bar](performance.svg)';

/** What stands between the marks: when, where and what. */
export function results(report: Report): string {
  const { date, machine, seconds, readings } = report;
  const missed = readings.filter(({ reached }) => reached === false).length;
  const held = readings.filter(({ reached }) => reached === true).length;
  const verdict = missed === 0 ? `All ${held} goals are reached.` : `${held} of ${held + missed} goals are reached.`;
  return `Measured on ${date.slice(0, 10)} in ${seconds} s: ${describeMachine(machine)}. ${verdict}\n\n${PICTURE}\n\n${table(readings)}`;
}

/** The files that are committed: the table in `docs/performance.md`, its numbers, its picture. */
export function writeDocs(folder: string, report: Report): void {
  const page = join(folder, 'performance.md');
  write(page, between(readFileSync(page, 'utf8'), results(report)));
  write(join(folder, 'performance.json'), json(report));
  write(join(folder, 'performance.svg'), picture(report.readings, `${report.date.slice(0, 10)}, Linux ${report.machine.kernel}`));
}
