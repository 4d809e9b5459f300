import { digits, goalText, judged, type Reading } from './row.ts';

/*
 * The readings as horizontal bars, in SVG. A bar is the ratio to the peer, or the share of the bound where a row stands alone; the line is at 1,
 * a mark shows the goal. Colours follow the reader's scheme, and say nothing that the numbers beside the bars do not.
 */

/** Sizes in units of the view box. */
const WIDTH = 960;
const LABELS = 330;
const NUMBERS = 170;
const ROW = 22;
const BAR = 12;
const TOP = 64;
const BOTTOM = 40;
const HEADING = 34;
/** Ratios beyond are cut off there; the number beside the bar says how much it was. */
const LONGEST = 4;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .heading { font-weight: 600; }
  .faint { fill: #59636e; }
  .line { stroke: #59636e; stroke-width: 1; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .goal { stroke: #1f2328; stroke-width: 2; }
  .reached { fill: #1a7f37; }
  .missed { fill: #bc4c00; }
  .free { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .faint { fill: #9198a1; }
    .line { stroke: #9198a1; }
    .grid { stroke: #3d444d; }
    .goal { stroke: #f0f6fc; }
    .reached { fill: #3fb950; }
    .missed { fill: #f0883e; }
    .free { fill: #4493f8; }
  }`;

interface Bar {
  readonly label: string;
  readonly value: number;
  /** Where the goal is on the same scale. */
  readonly goal?: number;
  readonly number: string;
  readonly kind: 'reached' | 'missed' | 'free';
}

interface Group {
  readonly heading: string;
  readonly bars: readonly Bar[];
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const kindOf = ({ reached }: Reading): Bar['kind'] => (reached === undefined ? 'free' : reached ? 'reached' : 'missed');

/** Beside a peer: the ratio. */
function ratioBar(reading: Reading): Bar {
  const { what, beside, goal } = reading;
  const ratio = beside?.ratio ?? Number.NaN;
  const bound = goal?.of === 'ratio' ? goal.value : undefined;
  const number = `${ratio.toFixed(2)} ×${bound === undefined ? '' : ` (${goalText(reading)})`}`;
  return { label: `${what} : ${beside?.what}`, value: ratio, number, kind: kindOf(reading), ...(bound !== undefined && { goal: bound }) };
}

/** Alone: the share of its bound, which is then the line at 1. */
function shareBar(reading: Reading): Bar {
  const { goal, unit } = reading;
  const measured = judged(reading);
  const number = `${digits(measured)}${goal?.of === 'median' ? ` ${unit}` : ''} (${goalText(reading)})`;
  return { label: reading.what, value: measured / (goal?.value ?? Number.NaN), number, kind: kindOf(reading) };
}

/** More is better where a goal asks for at least, or the unit is one of work done per time. */
const isRate = ({ goal, unit }: Reading): boolean => goal?.sense === 'at least' || /\/s$/.test(unit);

function groupsOf(readings: readonly Reading[]): Group[] {
  const compared = readings.filter(({ beside }) => beside !== undefined);
  const bounded = readings.filter(({ beside, goal }) => beside === undefined && goal !== undefined);
  return [
    { heading: 'Time, as a share of the peer’s: less is better', bars: compared.filter((one) => !isRate(one)).map(ratioBar) },
    { heading: 'Rate, as a multiple of the peer’s: more is better', bars: compared.filter(isRate).map(ratioBar) },
    { heading: 'Against a bound of its own, which is the line', bars: bounded.map(shareBar) },
  ].filter(({ bars }) => bars.length > 0);
}

/** From a value to units of the view box. */
function scaleFor(groups: readonly Group[]): { readonly most: number; readonly x: (value: number) => number } {
  const values = groups.flatMap(({ bars }) => bars.flatMap(({ value, goal }) => [value, goal ?? 0])).filter(Number.isFinite);
  const most = Math.min(LONGEST, Math.max(1.2, Math.ceil(Math.max(...values, 0) * 5) / 5));
  return { most, x: (value) => LABELS + (Math.min(Math.max(value, 0), most) / most) * (WIDTH - LABELS - NUMBERS) };
}

const at = (value: number): string => value.toFixed(1);

function drawBar({ label, value, goal, number, kind }: Bar, y: number, x: (value: number) => number): string[] {
  const end = x(Number.isFinite(value) ? value : 0);
  const middle = y + ROW / 2 + 4;
  return [
    `<text x="${LABELS - 8}" y="${at(middle)}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${kind}" x="${at(x(0))}" y="${at(y + (ROW - BAR) / 2)}" width="${at(end - x(0))}" height="${BAR}"/>`,
    ...(goal === undefined
      ? []
      : [`<line class="goal" x1="${at(x(goal))}" y1="${at(y + 2)}" x2="${at(x(goal))}" y2="${at(y + ROW - 2)}"/>`]),
    `<text class="faint" x="${WIDTH - NUMBERS + 8}" y="${at(middle)}">${escaped(number)}</text>`,
  ];
}

/** One picture of all readings. `subtitle`: when and where they were measured. */
export function picture(readings: readonly Reading[], subtitle: string): string {
  const groups = groupsOf(readings);
  const { most, x } = scaleFor(groups);
  const body: string[] = [];
  let y = TOP;
  for (const { heading, bars } of groups) {
    body.push(`<text class="heading" x="8" y="${y + 22}">${escaped(heading)}</text>`);
    y += HEADING;
    for (const bar of bars) {
      body.push(...drawBar(bar, y, x));
      y += ROW;
    }
  }
  const steps = Array.from({ length: Math.floor(most / 0.5) + 1 }, (_, n) => n * 0.5);
  const grid = steps.flatMap((step) => [
    `<line class="${step === 1 ? 'line' : 'grid'}" x1="${at(x(step))}" y1="${TOP}" x2="${at(x(step))}" y2="${y + 6}"/>`,
    `<text class="faint" x="${at(x(step))}" y="${y + 22}" text-anchor="middle">${step.toFixed(1)}</text>`,
  ]);
  const summary = groups.flatMap(({ bars }) => bars.map(({ label, number }) => `${label}: ${number}`)).join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + BOTTOM}" role="img" aria-labelledby="title desc">`,
    '<title id="title">axoneme beside its peers</title>',
    `<desc id="desc">${escaped(summary)}</desc>`,
    `<style>${STYLE}\n</style>`,
    '<text class="title" x="8" y="24">axoneme beside its peers</text>',
    `<text class="faint" x="8" y="44">${escaped(subtitle)}; a mark is a goal, and its bar is green when it is reached</text>`,
    ...grid,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}
