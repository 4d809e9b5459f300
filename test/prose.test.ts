import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';

const project = join(import.meta.dirname, '..');
const pages = globSync(['README.md', 'docs/*.md', 'test-harness/README.md', 'test-harness/docs/*.md'], { cwd: project }).sort();
const decisions = globSync('docs/decisions/*.md', { cwd: project }).sort();

/** Words with a standard word in their place (docs/contributing.md, rule 3), and subjects and idioms of rule 2. */
const banned =
  /\b(?:nobody|whoever|whatever|there is none|of before|of now|of ours|goes on|goes again|(?<!pods )(?<!\d )at once|knob|buried|bury|hurried|luggage|the books|a wish|not to be had|makes no sense|make way)\b/gi;
/** Longer sentences that all pages together may have. Lower it when you can. */
const LONG_SENTENCES = 0;

/** Lines of a page without code blocks and the output of programs between `begin` and `end`. */
function linesOf(page: string): string[] {
  let code = false;
  const written = page.replaceAll(/<!-- (\w+):begin -->.*?<!-- \1:end -->/gs, '');
  return written.split('\n').filter((line) => {
    const fence = /^\s*```/.test(line);
    if (fence) code = !code;
    return !fence && !code;
  });
}

/** Paragraphs and list items: text alone, a link by its words, a piece of code as one word. */
function paragraphsOf(page: string): string[] {
  const text = linesOf(page).filter((line) => !/^(?:#|\||<|!\[)/.test(line));
  const joined = text.join('\n').replaceAll(/\n\s*(?:[-*]|\d+\.) /g, '\n\n');
  return joined.split(/\n\s*\n/).map((part) => plain(part.replaceAll(/\s+/g, ' ')));
}

function plain(text: string): string {
  return text.replaceAll(/`[^`]*`/g, 'Code').replaceAll(/\]\([^)]*\)/g, ']');
}

function sentencesOf(paragraph: string): string[] {
  return paragraph.split(/(?<=[.!?][)"*]*) +(?=[("[*]*[A-Z0-9])/);
}

function wordsOf(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;
}

const read = (page: string) => readFileSync(join(project, page), 'utf8');
const each = <T>(files: readonly string[], find: (text: string) => readonly T[]) =>
  files.flatMap((file) => find(read(file)).map((found) => `${file}: ${found}`));

test('no sentence of a page has more than 25 words', () => {
  const long = each(pages, (text) =>
    paragraphsOf(text)
      .flatMap(sentencesOf)
      .filter((sentence) => wordsOf(sentence) > 25),
  );
  expect(long.slice(LONG_SENTENCES)).toEqual([]);
});

test('no paragraph of a page has two semicolons', () => {
  expect(each(pages, (text) => paragraphsOf(text).filter((part) => part.split(';').length > 2))).toEqual([]);
});

test('pages and decisions wrap at 100 columns, except for tables, code and links', () => {
  const wide = (line: string) => line.replaceAll(/`[^`]*`|\]\([^)]*\)/g, '').length > 100 && !/^ *[|<]/.test(line);
  expect(each([...pages, ...decisions], (text) => linesOf(text).filter(wide))).toEqual([]);
});

test('pages use the standard word', () => {
  expect(each(pages, (text) => linesOf(text).flatMap((line) => plain(line).match(banned) ?? []))).toEqual([]);
});

test('the title of a decision has its number and names its subject, as its file does', () => {
  const bad = decisions.filter((file) => {
    const [number, ...slug] = basename(file, '.md').split('-');
    const title = (read(file).split('\n')[0] ?? '').toLowerCase().replaceAll(/[_'.]/g, '-');
    const named = slug.filter((word) => title.includes(word.replace(/s$/, '')));
    return (
      !title.startsWith(`# ${number}: `) || named.length * 2 < slug.length || /\b(?:is|are|was|has|have|whose|who|what|that)\b/.test(title)
    );
  });
  expect(bad).toEqual([]);
});
