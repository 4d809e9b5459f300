/** Colours only where a person looks. */
const isTerminal = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;

const paint = (code: number) => (text: string) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = paint(1);
export const dim = paint(2);
export const green = paint(32);
export const red = paint(31);

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

let chapters = 0;

/** A heading, and what is about to be seen, in lines. */
export function chapter(title: string, ...sentences: readonly string[]): void {
  chapters += 1;
  say(`\n${bold(`${chapters}. ${title}`)}\n${indent(sentences.join('\n'))}\n`);
}

/** A command as an operator would type it, and what it printed. */
export function shown(command: string, output: string): void {
  say(`   ${dim('$')} ${command}`);
  say(indent(output));
}

export function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `   ${line}`.trimEnd())
    .join('\n');
}

/** Rows under a heading, columns as wide as their widest cell. */
export function grid(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => visible(row[column] ?? ''))));
  const line = (row: readonly string[]) => row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visible(cell))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

function visible(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences start with the escape character (ECMA-48)
  return text.replaceAll(/\u001b\[\d+m/g, '').length;
}
