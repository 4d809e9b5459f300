import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../build/step.ts';

const folder = join(project, '.cache', 'bpftool');
const fetched = join(folder, 'root', 'usr', 'sbin', 'bpftool');

/** bpftool lists tcx links from 7.3 on, the one of Linux 6.6 (tools/bpf/bpftool/net.c). */
function knowsTcx(path: string): boolean {
  const [, major = 0, minor = 0] = /v(\d+)\.(\d+)/.exec(execFileSync(path, ['version'], { encoding: 'utf8' })) ?? [];
  return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 3);
}

/** Debian 12's own bpftool is of Linux 6.1. Its backports have a newer one, which is unpacked here and installed nowhere. */
function fetchBackport(): void {
  for (const path of ['lists/partial', 'cache/archives/partial', 'root']) mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, 'sources.list'), 'deb http://deb.debian.org/debian bookworm-backports main\n');
  const settings = { 'Etc::SourceList': 'sources.list', 'State::Lists': 'lists', Cache: 'cache' };
  const lines = Object.entries(settings).map(([key, path]) => `Dir::${key} "${join(folder, path)}";`);
  writeFileSync(join(folder, 'apt.conf'), [...lines, 'Dir::Etc::SourceParts "/dev/null";', 'APT::Sandbox::User "root";', ''].join('\n'));
  const options = { cwd: folder, env: { ...process.env, APT_CONFIG: join(folder, 'apt.conf') }, stdio: 'pipe' } as const;
  execFileSync('apt-get', ['update'], options);
  execFileSync('apt-get', ['download', 'bpftool'], options);
  for (const archive of globSync('bpftool_*.deb', { cwd: folder })) execFileSync('dpkg', ['-x', archive, 'root'], options);
}

function isDebian12(): boolean {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^ID=debian$/m.test(release) && /^VERSION_ID="12"$/m.test(release);
}

/** A bpftool that lists tcx links, or undefined where the distribution has none. Ubuntu keeps it in a folder per kernel. */
export function tcxBpftool(): string | undefined {
  const candidates = [fetched, '/usr/sbin/bpftool', '/usr/bin/bpftool', ...globSync('/usr/lib/linux-tools/*/bpftool')];
  const known = candidates.filter(existsSync).find(knowsTcx);
  if (known !== undefined || !isDebian12()) return known;
  process.stdout.write('  fetch bpftool from bookworm-backports … ');
  const started = performance.now();
  fetchBackport();
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  return existsSync(fetched) ? fetched : undefined;
}
