import { formatCall } from './call.ts';
import { type ConformanceItem, titleOf } from './item.ts';
import type { Call, Outcome } from './verdict.ts';

/** One item with what came of it. */
export interface ItemReport {
  readonly item: ConformanceItem;
  readonly outcome: Outcome;
  /** milliseconds */
  readonly duration: number;
}

/** Everything about one run. */
export interface ConformanceReport {
  /** path of the executable */
  readonly plugin: string;
  /** versions of the specification in which it was spoken to */
  readonly versions: readonly string[];
  readonly items: readonly ItemReport[];
}

/** How a report is written. */
export const REPORT_FORMATS = ['text', 'json', 'junit'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** The report as text for people, as JSON, or as the XML that build servers take for test results (JUnit). Ends with a line break. */
export function formatReport(report: ConformanceReport, format: ReportFormat): string {
  const write = { text: formatText, json: formatJson, junit: formatJunit } as const;
  return `${write[format](report)}\n`;
}

/** How many items have each verdict. */
export function countVerdicts({ items }: ConformanceReport): Record<Outcome['verdict'], number> {
  const counts = { pass: 0, fail: 0, 'not-applicable': 0 };
  for (const { outcome } of items) counts[outcome.verdict] += 1;
  return counts;
}

const MARKS = { pass: 'ok  ', fail: 'FAIL', 'not-applicable': '-   ' } as const;

/** One line of {@link formatReport}'s text, made for a terminal that shows progress; a failure has its reason and evidence below it. */
export function formatItem({ item, outcome }: ItemReport): string {
  const line = `${MARKS[outcome.verdict]} ${item.id.padEnd(34)} ${titleOf(item)}`;
  if (outcome.verdict === 'pass') return line;
  if (outcome.verdict === 'not-applicable') return `${line} (${outcome.reason})`;
  return [line, indent(`${item.level}: ${outcome.reason}`), ...lastOf(outcome.evidence).map((call) => indent(formatCall(call)))].join('\n');
}

/** Executions shown with a failure in text; JSON has all. */
const SHOWN = 3;

function lastOf(calls: readonly Call[]): readonly Call[] {
  return calls.slice(-SHOWN);
}

function formatText(report: ConformanceReport): string {
  return [...report.items.map(formatItem), formatSummary(report)].join('\n');
}

/** `ptp, versions 0.4.0, 1.0.0: 61 passed, 3 failed, 14 not applicable` */
export function formatSummary(report: ConformanceReport): string {
  const { pass, fail, 'not-applicable': other } = countVerdicts(report);
  return `${report.plugin}, versions ${report.versions.join(', ')}: ${pass} passed, ${fail} failed, ${other} not applicable`;
}

function formatJson(report: ConformanceReport): string {
  const items = report.items.map(({ item: { run: _, ...item }, outcome, duration }) => ({
    ...item,
    duration: Math.round(duration),
    ...outcome,
  }));
  return JSON.stringify({ plugin: report.plugin, versions: report.versions, counts: countVerdicts(report), items }, null, 2);
}

function formatJunit(report: ConformanceReport): string {
  const { fail, 'not-applicable': skipped } = countVerdicts(report);
  const seconds = report.items.reduce((sum, { duration }) => sum + duration, 0) / 1000;
  const attributes = `name="${xml(report.plugin)}" tests="${report.items.length}" failures="${fail}" skipped="${skipped}" time="${seconds.toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite ${attributes}>`,
    ...report.items.map((one) => `  ${junitCase(one)}`),
    '</testsuite>',
  ].join('\n');
}

function junitCase({ item, outcome, duration }: ItemReport): string {
  const open = `<testcase classname="${xml(item.id)}" name="${xml(titleOf(item))}" time="${(duration / 1000).toFixed(3)}"`;
  if (outcome.verdict === 'pass') return `${open}/>`;
  if (outcome.verdict === 'not-applicable') return `${open}><skipped message="${xml(outcome.reason)}"/></testcase>`;
  const evidence = outcome.evidence.map(formatCall).join('\n\n');
  return `${open}><failure type="${item.level}" message="${xml(outcome.reason)}">${xml(evidence)}</failure></testcase>`;
}

/** XML 1.0, section 2.2: most control characters cannot be written at all. */
function xml(text: string): string {
  const codes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;' };
  const legal = [...text].filter((char) => char >= ' ' || char === '\n' || char === '\t').join('');
  return legal.replace(/[&<>"\n]/g, (char) => codes[char] ?? char);
}

function indent(text: string): string {
  return text.replace(/^/gm, '       ');
}
