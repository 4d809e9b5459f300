import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { builtFolder, KUBERNETES_VERSION } from '../../store/testing/kube-apiserver.ts';

const MODULE = 'k8s.io/kubernetes';
const PROGRAM = `${MODULE}/cmd/kube-apiserver`;
/** Compiler processes of this build yield to everything else on the machine. */
const NICE = ['-n', '19'];

/** Builds kube-apiserver from Go modules into a cache outside of the checkout, with its progress on the screen. Gives its path. */
export async function buildApiServer(say: (text: string) => void): Promise<string> {
  const folder = builtFolder();
  const source = join(folder, 'build');
  mkdirSync(source, { recursive: true });
  say(`  kube-apiserver ${KUBERNETES_VERSION}: some 10 minutes of processor time, once; into ${folder}\n`);
  writeModule(source);
  say('  modules … ');
  go(source, ['mod', 'tidy']);
  const packages = go(source, ['list', '-deps', PROGRAM]).trim().split('\n').length;
  say(`${packages} packages\n`);
  await compile(source, packages, say);
  const program = join(folder, 'kube-apiserver');
  renameSync(join(source, 'kube-apiserver'), program);
  return program;
}

/**
 * A module around Kubernetes' own, whose go.mod names its parts at v0.0.0: each is replaced by its published version.
 * @param folder of the module
 */
function writeModule(folder: string): void {
  const answer = JSON.parse(go(folder, ['mod', 'download', '-json', `${MODULE}@v${KUBERNETES_VERSION}`]));
  const parts = [...readFileSync(answer.GoMod, 'utf8').matchAll(/^\t(k8s\.io\/\S+) v0\.0\.0$/gm)].map(([, name]) => name);
  const version = `v0.${KUBERNETES_VERSION.split('.').slice(1).join('.')}`;
  const replaces = parts.map((name) => `replace ${name} => ${name} ${version}`);
  const lines = ['module axoneme.io/kube-apiserver', `require ${MODULE} v${KUBERNETES_VERSION}`, ...replaces];
  writeFileSync(join(folder, 'go.mod'), `${lines.join('\n\n')}\n`);
  writeFileSync(join(folder, 'tools.go'), `//go:build tools\n\npackage tools\n\nimport _ "${PROGRAM}/app"\n`);
}

async function compile(folder: string, packages: number, say: (text: string) => void): Promise<void> {
  const flags = ['-v', '-p', '1', '-trimpath', '-ldflags', `-s -w -X k8s.io/component-base/version.gitVersion=v${KUBERNETES_VERSION}`];
  const child = spawn('nice', [...NICE, 'go', 'build', ...flags, '-o', 'kube-apiserver', PROGRAM], {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    if (lines.length % 100 === 0) say(`  compiled ${lines.length} of at most ${packages} packages\n`);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`build kube-apiserver: go build ended with ${code}:\n${lines.slice(-10).join('\n')}`);
}

function go(folder: string, args: readonly string[]): string {
  try {
    return execFileSync('go', [...args], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { readonly stderr?: string };
    const hint = code === 'ENOENT' ? ' (install Go 1.26, or name a folder with kube-apiserver in KUBEBUILDER_ASSETS)' : '';
    throw new Error(
      `go ${args.slice(0, 2).join(' ')}: ${stderr?.trim().split('\n').slice(-5).join('\n') || (error as Error).message}${hint}`,
    );
  }
}
