import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { arch } from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');

/** Node-API version that the addons ask for; 9 is in Node 18.17, 20.3 and everything newer. */
const NAPI_VERSION = 9;

interface Addon {
  readonly file: string;
  readonly sources: readonly string[];
  readonly libraries: readonly string[];
}

const addons: readonly Addon[] = [
  {
    file: 'axoneme-sys.node',
    sources: [
      'sys.cc',
      'netns.cc',
      'inet.cc',
      'interface.cc',
      'file_lock.cc',
      'unix_stream.cc',
      'netlink.cc',
      'unix.cc',
      'watch.cc',
      'write.cc',
      'memory.cc',
      'bpf_objects.cc',
      'bpf_maps.cc',
      'workers.cc',
    ],
    libraries: [],
  },
  // libbpf dynamically: the static libraries of Debian are not position independent.
  {
    file: 'axoneme-bpf.node',
    sources: ['bpf.cc', 'inspect.cc', 'loader.cc', 'ring_buffer.cc', 'ring_recorder.cc', 'watch.cc', 'workers.cc'],
    libraries: ['-lbpf'],
  },
  // Tools of the test harness, which no executable of a node carries.
  {
    file: 'axoneme-harness.node',
    sources: ['harness.cc', 'packet.cc', 'wire.cc', 'meter.cc', 'device_lock.cc', 'workers.cc'],
    libraries: [],
  },
];

/** node_api.h and uv.h of the Node that the project pins; the same for every processor. */
function nodeHeaders(): string {
  const candidates = [
    join(root, 'node_modules', `node-linux-${arch}`, 'include', 'node'),
    resolve(dirname(process.execPath), '..', 'include', 'node'),
    '/usr/include/node',
  ];
  const found = candidates.find((path) => existsSync(join(path, 'uv.h')) && existsSync(join(path, 'node_api.h')));
  if (found === undefined) throw new Error(`find Node's headers: not in ${candidates.join(', ')}`);
  return found;
}

const flags = ['-std=c++20', '-O2', '-fPIC', '-fno-exceptions', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror', '-pthread'];

async function compile(source: string, object: string): Promise<void> {
  const defines = [
    `-DNAPI_VERSION=${NAPI_VERSION}`,
    '-DNODE_ADDON_API_DISABLE_DEPRECATED',
    '-DNAPI_DISABLE_CPP_EXCEPTIONS',
    '-DBUILDING_NODE_EXTENSION',
  ];
  const includes = ['-isystem', nodeHeaders(), '-isystem', join(root, 'node_modules', 'node-addon-api')];
  await gxx([...flags, ...defines, ...includes, '-c', join(root, 'native', 'addon', source), '-o', object]);
}

async function gxx(args: readonly string[]): Promise<void> {
  try {
    await run(process.env['CXX'] ?? 'g++', args, { maxBuffer: 1 << 24 });
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    throw new Error(`compile addon: ${stderr === '' ? String(error) : stderr}`, { cause: error });
  }
}

const objectOf = (outDir: string, source: string) => join(outDir, 'obj', `${source}.o`);

async function link(addon: Addon, outDir: string): Promise<void> {
  const objects = addon.sources.map((source) => objectOf(outDir, source));
  const target = join(outDir, addon.file);
  // Without symbols: a tenth smaller, and the dynamic ones stay.
  // Node unloads an addon with the last environment that loaded it, a worker thread's for one; threads of the addon may still be in it then.
  await gxx(['-shared', '-s', '-Wl,-z,nodelete', '-pthread', '-o', `${target}.new`, ...objects, ...addon.libraries]);
  // Renamed into place: a process that has the old file mapped keeps it.
  await rename(`${target}.new`, target);
}

/**
 * Builds axoneme-sys.node, axoneme-bpf.node and axoneme-harness.node into `outDir` with g++ (or $CXX), against the headers of the Node in
 * node_modules. Needs g++ and, for the second, libbpf-dev.
 */
export async function buildNative(outDir: string): Promise<void> {
  await mkdir(join(outDir, 'obj'), { recursive: true });
  const sources = [...new Set(addons.flatMap((addon) => addon.sources))];
  await Promise.all(sources.map((source) => compile(source, objectOf(outDir, source))));
  await Promise.all(addons.map((addon) => link(addon, outDir)));
}

if (import.meta.main) await buildNative(join(root, 'dist', 'native'));
