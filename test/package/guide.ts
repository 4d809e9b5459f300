import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './project.ts';

/** What a reader of the guide does, in order: a file to write or a command line to run. */
export type GuideStep = { readonly file: string; readonly content: string } | { readonly command: string; readonly exit: number };

/** The steps of a page: blocks behind `<!-- file: NAME -->`, and blocks of shell, which end with 0 unless they stand behind `<!-- exit: N -->`. */
export function stepsOf(page: string): GuideStep[] {
  const text = readFileSync(join(repository, page), 'utf8');
  const blocks = text.matchAll(/(?:<!-- (?:file: (?<file>\S+)|exit: (?<exit>\d+)) -->\n)?```(?<language>\w+)\n(?<content>.*?)```/gs);
  return [...blocks].flatMap(({ groups = {} }): GuideStep[] => {
    const { file, exit = '0', language, content = '' } = groups as Partial<Record<'file' | 'exit' | 'language' | 'content', string>>;
    if (file !== undefined) return [{ file, content }];
    return language === 'sh' ? [{ command: content.trim(), exit: Number(exit) }] : [];
  });
}
