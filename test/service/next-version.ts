import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..', '..');

/** What the daemon and its build are made from. */
const sources = ['bpf', 'cli', 'conf', 'daemon', 'ipam', 'native', 'plugin', 'scripts', 'package.json'];

/** What the next version does differently: a longer row in a map, another number of the state's format, another name. */
const changes = [
  { file: 'bpf/lib/endpoints.h', from: '__u8 pad[8];', to: '__u8 pad[16];' },
  { file: 'daemon/format.ts', from: 'STATE_FORMAT = 2', to: 'STATE_FORMAT = 3' },
  { file: 'conf/version.ts', from: "'0.0.0-source'", to: "'9.0.0'" },
] as const;

/** Bytes of a row of axo_endpoints in this version and the next. */
export const rowSizes = { now: 40, next: 48 };

/** The next version of axoneme, as far as an upgrade is concerned: this one's sources, changed and built in a folder of their own. */
export class NextVersion implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'axoneme-next-'));

  constructor() {
    for (const name of sources) cpSync(join(project, name), join(this.#folder, name), { recursive: true });
    symlinkSync(join(project, 'node_modules'), join(this.#folder, 'node_modules'));
    mkdirSync(join(this.#folder, 'dist/bpf'), { recursive: true });
    symlinkSync(join(project, 'dist/native'), join(this.#folder, 'dist/native'));
    for (const change of changes) this.#change(change);
    const build = `const { bpfStep } = await import(${JSON.stringify(join(this.#folder, 'scripts/build/bpf.ts'))}); await bpfStep.run();`;
    execFileSync(process.execPath, ['--input-type=module', '--eval', build], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** The command line of `axoneme`. */
  get command(): string[] {
    return [process.execPath, join(this.#folder, 'cli/main.ts')];
  }

  /** Damages an object file that is loaded after others, as a build that the kernel refuses; the answer repairs it. */
  breakPrograms(): () => void {
    const path = join(this.#folder, 'dist/bpf/to_host.o');
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 200));
    return () => writeFileSync(path, whole);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #change({ file, from, to }: (typeof changes)[number]): void {
    const path = join(this.#folder, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`change ${file}: it has no ${from}`);
    writeFileSync(path, text.replace(from, to));
  }
}
