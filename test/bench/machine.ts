import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { gunzipSync } from 'node:zlib';

/** What the numbers depend on. */
export interface MachineFacts {
  readonly processor: string;
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  readonly kernel: string;
  /** Timer ticks per second, by the kernel's own configuration; absent when it shows none. */
  readonly hz?: number;
  readonly node: string;
  readonly distribution: string;
  /** Name and version of what ours is compared with. */
  readonly packages: Readonly<Record<string, string>>;
}

const packages = ['containernetworking-plugins', 'libbpf1', 'iptables'];

function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function kernelConfig(): string {
  const packed = quietly(() => gunzipSync(readFileSync('/proc/config.gz')).toString());
  return packed ?? quietly(() => readFileSync(`/boot/config-${release()}`, 'utf8')) ?? '';
}

function versionOf(name: string): string | undefined {
  return (
    quietly(() =>
      execFileSync('dpkg-query', ['-W', '--showformat=$' + '{Version}', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    ) || undefined
  );
}

function distribution(): string {
  const text = quietly(() => readFileSync('/etc/os-release', 'utf8')) ?? '';
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? 'unknown';
}

/** The machine that this runs on. */
export function machineFacts(): MachineFacts {
  const hz = /^CONFIG_HZ=(\d+)/m.exec(kernelConfig())?.[1];
  const versions = packages.flatMap((name) => {
    const version = versionOf(name);
    return version === undefined ? [] : [[name, version] as const];
  });
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    ...(hz !== undefined && { hz: Number(hz) }),
    node: process.version,
    distribution: distribution(),
    packages: Object.fromEntries(versions),
  };
}

/** In one sentence: `2 cores of an AMD EPYC, 24 GiB, Debian 12, Linux 6.18 (HZ=250), Node v24.21.0; libbpf1 1.1.2`. */
export function describeMachine({
  processor,
  cores,
  memory,
  kernel,
  hz,
  node,
  distribution: name,
  packages: versions,
}: MachineFacts): string {
  const peers = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  const linux = `Linux ${kernel}${hz === undefined ? '' : ` (HZ=${hz})`}`;
  return [[`${cores} × ${processor}`, `${memory} GiB`, name, linux, `Node ${node}`].join(', '), ...peers].join('; ');
}
