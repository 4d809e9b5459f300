import { access, constants, readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConformanceBench } from '../conformance/bench.ts';
import { type ConformanceItem, titleOf } from '../conformance/item.ts';
import { conformanceItems } from '../conformance/items/index.ts';
import {
  countVerdicts,
  formatItem,
  formatReport,
  formatSummary,
  type ItemReport,
  REPORT_FORMATS,
  type ReportFormat,
} from '../conformance/report.ts';
import { HarnessError } from '../errors.ts';
import { isObject, type Json } from '../runtime/network.ts';
import type { Terminal } from './lab-command.ts';

const USAGE = `Usage: axoneme-conformance --plugin FILE --conf FILE [options]

Holds a CNI plugin against the CNI specification, in network namespaces of its own.

  --plugin FILE        the executable
  --conf FILE          its network configuration: a .conf, or a .conflist in which it is the last of its type
  --setup COMMAND      shell command that runs on the node first (starts a daemon, makes an interface)
  --path FOLDERS       CNI_PATH for other plugins, with colons (default: the plugin's folder, /usr/lib/cni, /opt/cni/bin)
  --ignore REGEXP      names that come and go by themselves and are no leak
  --only ID            run this item only; may be repeated
  -o, --output FORMAT  ${REPORT_FORMATS.join(', ')} (default text)
  --list               print the items and end
  --help               print this and end

Exit status: 0 when the plugin conforms, 1 when it does not, 2 when the command was used badly.
`;

const OPTIONS = {
  plugin: { type: 'string' },
  conf: { type: 'string' },
  setup: { type: 'string' },
  path: { type: 'string' },
  ignore: { type: 'string' },
  only: { type: 'string', multiple: true },
  output: { type: 'string', short: 'o', default: 'text' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** A use of the command that makes no sense, in one sentence. */
class BadUse extends Error {}

/** `axoneme-conformance` with these arguments. Resolves to the exit status: 0 conforms, 1 deviates, 2 bad use or nothing could be tested. */
export async function conformanceCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await run(parse(args), terminal);
  } catch (error) {
    if (!(error instanceof BadUse) && !(error instanceof HarnessError)) throw error;
    terminal.err(`axoneme-conformance: ${error.message}\n`);
    return 2;
  }
}

type Arguments = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    throw new BadUse(`${(cause as Error).message.split('. ')[0]}; see --help`, { cause });
  }
}

async function run(values: Arguments, terminal: Terminal): Promise<number> {
  if (values.help) {
    terminal.out(USAGE);
    return 0;
  }
  const items = chosen(values.only);
  if (values.list) {
    terminal.out(items.map((item) => `${item.id.padEnd(36)} ${item.level.padEnd(8)} since ${item.since}  ${titleOf(item)}\n`).join(''));
    return 0;
  }
  const format = REPORT_FORMATS.find((one) => one === values.output);
  if (format === undefined) throw new BadUse(`write a report as ${values.output}: there is only ${REPORT_FORMATS.join(', ')}`);
  return await test(values, items, format, terminal);
}

async function test(values: Arguments, items: readonly ConformanceItem[], format: ReportFormat, terminal: Terminal): Promise<number> {
  const { setup, path, ignore } = values;
  const plugin = await executable(values.plugin);
  const config = await readConfig(values.conf);
  if (process.getuid?.() !== 0) throw new BadUse('build a lab: it needs root, for network namespaces and mounts');
  await mustHaveNetns();
  await using bench = await ConformanceBench.create({
    plugin,
    config,
    ...(path === undefined ? {} : { pluginDirs: path.split(':') }),
    ...(ignore === undefined ? {} : { ignore: pattern(ignore) }),
    ...(setup === undefined ? {} : { setup: (node) => node.run(['sh', '-c', setup]) }),
  });
  const reports: ItemReport[] = [];
  for (const item of items) {
    const began = performance.now();
    const report = { item, outcome: await bench.run(item), duration: performance.now() - began };
    reports.push(report);
    if (format === 'text') terminal.out(`${formatItem(report)}\n`);
  }
  const report = { plugin, versions: bench.versions, items: reports };
  terminal.out(format === 'text' ? `${formatSummary(report)}\n` : formatReport(report, format));
  return countVerdicts(report).fail > 0 ? 1 : 0;
}

function chosen(only: readonly string[] | undefined): readonly ConformanceItem[] {
  const unknown = only?.find((id) => !conformanceItems.some((item) => item.id === id));
  if (unknown !== undefined) throw new BadUse(`run item ${unknown}: there is none of that id; see --list`);
  return conformanceItems.filter(({ id }) => only === undefined || only.includes(id));
}

async function executable(plugin: string | undefined): Promise<string> {
  if (plugin === undefined) throw new BadUse('test a plugin: --plugin FILE is missing; see --help');
  const path = resolve(plugin);
  const isFile = await stat(path)
    .then((found) => found.isFile())
    .catch(() => false);
  if (!isFile) throw new BadUse(`test plugin ${plugin}: there is no such file`);
  await access(path, constants.X_OK).catch((cause: unknown) => {
    throw new BadUse(`test plugin ${plugin}: the file is not executable`, { cause });
  });
  return path;
}

async function readConfig(conf: string | undefined): Promise<Json> {
  if (conf === undefined) throw new BadUse('test a plugin: --conf FILE is missing; see --help');
  let value: unknown;
  try {
    value = JSON.parse(await readFile(conf, 'utf8'));
  } catch (cause) {
    throw new BadUse(`read network configuration ${conf}: ${(cause as Error).message}`, { cause });
  }
  if (!isObject(value)) throw new BadUse(`read network configuration ${conf}: not a JSON object`);
  return value;
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new BadUse(`read --ignore: ${(cause as Error).message}`, { cause });
  }
}

async function mustHaveNetns(): Promise<void> {
  await access('/proc/self/ns/net').catch((cause: unknown) => {
    throw new BadUse('build a lab: this kernel has no network namespaces', { cause });
  });
}
