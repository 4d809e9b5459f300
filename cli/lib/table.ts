/** A cell; line breaks make it several lines high. */
export type Cell = string | number;

/** Between columns, as `column -t` of an operator's other tools. */
const gap = '   ';

/**
 * Lines of a table: columns as wide as their widest line, three spaces apart, nothing at the end of a line.
 * A header of '' gives a table without one.
 */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const all = [...(header.some((name) => name !== '') ? [header] : []), ...rows].map((row) => row.map((cell) => String(cell).split('\n')));
  const widths = header.map((_, column) => Math.max(0, ...all.flatMap((row) => (row[column] ?? []).map((line) => line.length))));
  return all.flatMap((row) => linesOf(row, widths)).join('\n');
}

function linesOf(row: readonly (readonly string[])[], widths: readonly number[]): string[] {
  const height = Math.max(1, ...row.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) =>
    widths
      .map((width, column) => (row[column]?.[line] ?? '').padEnd(width))
      .join(gap)
      .trimEnd(),
  );
}

/** Width of the label column of `axoneme status`. */
const labelWidth = 25;

/** `IPAM:                    IPv4: 3/6 allocated`: rows of a label and its text. */
export function fields(rows: readonly (readonly [label: string, text: string])[]): string {
  return rows.map(([label, text]) => `${`${label}:`.padEnd(labelWidth)}${text.replaceAll('\n', `\n${' '.repeat(labelWidth)}`)}`).join('\n');
}
