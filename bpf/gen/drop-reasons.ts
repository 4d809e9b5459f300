import { type DropText, type EnumModel, shortNames } from './model.ts';

/**
 * Joins the enumerators (from BTF, so from the compiled program) with their comments (from the header, as the compiler drops comments).
 * Throws Error when a reason has no comment.
 */
export function dropTexts(model: EnumModel, header: string): DropText[] {
  const texts = new Map<string, string>();
  for (const [, name = '', text = ''] of header.matchAll(/^\s*DROP_(\w+) = \d+,\s*\/\* (.+) \*\/$/gm)) texts.set(name, text);
  return shortNames(model).map(({ name, value }) => {
    const text = texts.get(name);
    if (text === undefined) throw new Error(`document drop reason ${name}: no comment behind it in bpf/lib/drop.h`);
    return { name, value, text };
  });
}

/** A table as the formatter leaves it: columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n');
}

/** The text of docs/drop-reasons.md. */
export function renderDropReasons(drops: readonly DropText[]): string {
  const rows = drops.map(({ name, value, text }) => [String(value), `\`${name}\``, text]);
  return `# Drop reasons

Made from \`enum drop_reason\` in \`bpf/lib/drop.h\` by \`bpf/gen/generate.ts\`: do not edit.

The map \`axo_metrics\` counts every dropped packet by reason, direction and file. The programs send
an event with the first 128 bytes of the frame to the monitor. They count quiet reasons always, but
send their events only without monitor aggregation.

${table([['number', 'name', 'meaning'], ...rows])}
`;
}
