// The door to every npm script. Runs on any Node >= 20 without dependencies: it brings what the machine lacks (distribution
// packages, node_modules, the pinned Node 24 inside them), builds what changed, and hands over to scripts/tasks/<task>.ts.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeQuota } from './quota.mjs';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const tasks = ['build', 'demo', 'test', 'bench', 'soak', 'kernels', 'kubernetes', 'check', 'fix'];

/** What the build and the tests need from the distribution: a file that proves it, and the packages that bring it. With `task`, for those only. */
const needs = [
  { file: '/usr/bin/clang', packages: ['clang'] },
  { file: '/usr/bin/g++', packages: ['g++'] },
  { file: '/usr/bin/musl-gcc', packages: ['musl-tools'] },
  { file: '/usr/include/bpf/libbpf.h', packages: ['libbpf-dev'] },
  { file: '/usr/include/linux/bpf.h', packages: ['linux-libc-dev'] },
  { file: '/usr/bin/unshare', packages: ['util-linux'] },
  { file: ['/usr/bin/ps', '/bin/ps'], packages: ['procps'] },
  { file: '/usr/bin/clang-format', packages: ['clang-format'], task: ['test', 'check', 'fix'] },
  { file: ['/usr/sbin/ip', '/sbin/ip'], packages: ['iproute2'] },
  { file: ['/usr/bin/ping', '/bin/ping'], packages: ['iputils-ping'] },
  { file: ['/usr/sbin/bpftool', '/usr/bin/bpftool'], packages: ['bpftool'], ubuntu: ['linux-tools-common', 'linux-tools-generic'] },
  { file: '/usr/lib/cni/ptp', packages: ['containernetworking-plugins'] },
  { file: ['/usr/sbin/iptables', '/sbin/iptables'], packages: ['iptables'] },
  { file: ['/usr/sbin/nft', '/sbin/nft'], packages: ['nftables'] },
  { file: ['/usr/bin/tcpdump', '/usr/sbin/tcpdump'], packages: ['tcpdump'] },
  { file: '/usr/bin/containerd', packages: ['containerd'], task: 'test' },
  { file: '/usr/bin/etcd', packages: ['etcd-server'], task: ['test', 'kubernetes'] },
  { file: '/usr/bin/etcdctl', packages: ['etcd-client'], task: ['test', 'kubernetes'] },
  { file: '/usr/bin/podman', packages: ['podman'], task: 'test' },
  { file: ['/usr/sbin/runc', '/usr/bin/runc'], packages: ['runc'], task: 'test' },
  { file: '/usr/bin/systemd-socket-activate', packages: ['systemd'], task: 'test' },
  { file: '/usr/bin/qemu-system-x86_64', packages: ['qemu-system-x86'], task: 'kernels' },
  {
    file: ['/usr/lib/qemu/virtiofsd', '/usr/libexec/virtiofsd'],
    packages: ['virtiofsd'],
    debian12: ['qemu-system-common'],
    task: 'kernels',
  },
  { file: ['/usr/sbin/modprobe', '/sbin/modprobe'], packages: ['kmod'], task: 'kernels' },
  { file: '/usr/bin/xz', packages: ['xz-utils'], task: 'kernels' },
];

function fail(message) {
  process.stderr.write(`axoneme: ${message}\n`);
  process.exit(1);
}

/** Milliseconds until the budget of this run ends (`--budget MINUTES`, AXONEME_BUDGET_MINUTES); undefined without one. docs/testing.md, "Budget". */
function budgetLeft() {
  const at = process.argv.indexOf('--budget');
  const minutes = Number(at === -1 ? process.env.AXONEME_BUDGET_MINUTES : process.argv[at + 1]);
  if (!(minutes > 0)) return undefined;
  return Math.max(1, Number(process.env.AXONEME_BEGAN ?? performance.timeOrigin) + minutes * 60_000 - Date.now());
}

/** The last resort: a run stops itself before its budget ends; one that hangs in a build or in its own end does not. */
function endWithBudget(child) {
  const left = budgetLeft();
  if (left === undefined) return;
  const end = () => {
    process.stderr.write('axoneme: the budget has ended, and the run has not: it is killed\n');
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), left * 0.002).unref();
  };
  setTimeout(end, left * 0.995).unref();
}

/** Runs a long step with its output in a log file, and a line with its duration on the terminal. */
function step(title, command, args, env = {}) {
  const log = join(project, '.cache', 'logs', `${title.replaceAll(/[^a-z0-9]+/gi, '-')}.log`);
  mkdirSync(dirname(log), { recursive: true });
  process.stdout.write(`  ${title} … `);
  const started = Date.now();
  const out = openSync(log, 'w');
  const result = spawnSync(command, args, {
    cwd: project,
    stdio: ['ignore', out, out],
    timeout: budgetLeft(),
    env: { ...process.env, ...env },
  });
  closeSync(out);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (result.status === 0) return void process.stdout.write(`${seconds} s\n`);
  process.stdout.write('failed\n');
  const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-25).join('\n');
  return fail(`${title} failed (${result.error?.message ?? `exit ${result.status ?? result.signal}`}); the end of ${log}:\n${tail}`);
}

function missingPackages(purposes) {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const isUbuntu = /^ID=ubuntu$/m.test(release);
  const isDebian12 = /^ID=debian$/m.test(release) && /^VERSION_ID="12"$/m.test(release);
  const wanted = needs.filter((need) => need.task === undefined || [need.task].flat().some((task) => purposes.includes(task)));
  const missing = wanted.filter(({ file }) => ![file].flat().some((path) => existsSync(path)));
  return missing.flatMap(({ packages, ubuntu, debian12 }) => (isUbuntu && ubuntu) || (isDebian12 && debian12) || packages);
}

function installPackages(purposes) {
  const packages = missingPackages(purposes);
  if (packages.length === 0) return;
  if (!existsSync('/usr/bin/apt-get')) fail(`install these packages first, there is no apt-get here: ${packages.join(' ')}`);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  step('apt-get update', 'apt-get', ['update'], quiet);
  step(`apt-get install ${packages.join(' ')}`, 'apt-get', ['install', '-y', '--no-install-recommends', ...packages], quiet);
}

/** Whether node_modules holds what the lock file asks for, by npm's own record of it; npm leaves out what is for another processor. */
function modulesAreFresh() {
  const record = join(project, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const installed = packagesOf(record);
  const wanted = Object.entries(packagesOf(join(project, 'package-lock.json')));
  return wanted.every(([path, { link, optional, integrity }]) => {
    if (!path.startsWith('node_modules/') || link) return true;
    return installed[path] === undefined ? optional === true : installed[path].integrity === integrity;
  });
}

function installModules() {
  if (!modulesAreFresh()) step('npm ci', 'npm', ['ci', '--no-audit', '--no-fund']);
}

/** The Node that builds, tests and is packed: one version for everybody, from the npm registry, whatever the system's is. */
function pinnedNode() {
  const folder = join(project, 'node_modules', `node-linux-${process.arch}`, 'bin');
  if (!existsSync(join(folder, 'node'))) fail(`find Node 24 in ${folder}: npm brought none for ${process.platform}/${process.arch}`);
  return folder;
}

/** `--quota 0.5` before a task's own arguments, which it is taken out of: the whole run shares so many processors. */
function quotaOf(args) {
  const at = args.indexOf('--quota');
  if (at === -1) return { enter: [], remove: () => undefined };
  const [, share = ''] = args.splice(at, 2);
  try {
    return makeQuota(share);
  } catch (error) {
    return fail(error.message);
  }
}

function main([task = '', ...args]) {
  if (!tasks.includes(task)) fail(`unknown task '${task}': use one of ${tasks.join(', ')}`);
  if (process.platform !== 'linux') fail(`axoneme runs on Linux, this is ${process.platform}`);
  if (process.getuid() !== 0) fail(`run '${task}' as root: it makes network namespaces and loads eBPF programs`);
  // `npm test -- --kernels` needs what both need
  installPackages(args.includes('--kernels') ? [task, 'kernels'] : [task]);
  installModules();
  const bin = pinnedNode();
  const env = {
    AXONEME_BEGAN: String(Math.round(performance.timeOrigin)),
    ...process.env,
    PATH: `${bin}:${join(project, 'node_modules', '.bin')}:${process.env.PATH}`,
  };
  const quota = quotaOf(args);
  const [program, ...rest] = [...quota.enter, join(bin, 'node'), join(project, 'scripts', 'tasks', `${task}.ts`), ...args];
  const child = spawn(program, rest, { cwd: project, stdio: 'inherit', env });
  endWithBudget(child);
  // Ctrl-C reaches the whole foreground group; a plain kill reaches only us, so it is passed on. The task cleans up and ends by itself.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
    quota.remove();
  });
}

main(process.argv.slice(2));
