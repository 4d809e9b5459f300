import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { table } from '../commands.ts';
import { axoneme } from '../fixtures.ts';
import { completionScript } from './script.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'axoneme-completion-'));
  await writeFile(join(folder, 'axoneme.bash'), completionScript('bash', table));
});
afterAll(() => rm(folder, { recursive: true }));

/** What bash offers after a line; the last word is the one under the cursor. */
async function complete(...words: string[]): Promise<string[]> {
  const script = `source axoneme.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _axoneme; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script, 'bash', ...words], { cwd: folder });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it.each([
    [['axoneme', 'st'], ['status']],
    [
      ['axoneme', 'endpoint', ''],
      ['list', 'get', '--root', '-h', '--help'],
    ],
    [['axoneme', 'bpf', 'ipcache', 'l'], ['list']],
    [['axoneme', '--root', '/x', 'bpf', 'i'], ['ipcache']],
    [
      ['axoneme', 'status', '-o', ''],
      ['table', 'json', 'wide'],
    ],
    [['axoneme', 'status', '--v'], ['--verbose']],
    [
      ['axoneme', 'completion', ''],
      ['bash', 'zsh', 'fish', '--root', '-h', '--help'],
    ],
    [['axoneme', '--root', 'axo'], ['axoneme.bash']],
    [['axoneme', 'nonsense', ''], []],
  ])('%j offers %j', async (words, offered) => {
    expect(await complete(...words)).toEqual(offered);
  });
});

describe('axoneme completion', () => {
  it.each(['bash', 'zsh', 'fish'])('%s prints the script', async (shell) => {
    const { code, stdout } = await axoneme(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toMatchSnapshot();
  });
});
