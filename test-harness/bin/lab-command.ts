import { HarnessError } from '../errors.ts';
import { type LabRecord, listLabs } from '../lab/inventory.ts';
import { sweep } from '../lab/reaper.ts';

/** Where a command's words go. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const HELP = `usage: axoneme-lab <command>

Labs are built by tests and end with them. This looks at what is there, and removes what a killed test left behind.

commands:
  list     the labs on this machine: who built them, their machines, whether their builder is alive
  sweep    remove what is left of labs whose builder is dead; labs of living processes stay

options:
  -o json  (list, sweep) print JSON
  --help   print this
`;

const commands: Readonly<Record<string, (terminal: Terminal, json: boolean) => Promise<void>>> = { list, sweep: sweepLabs };

/**
 * The `axoneme-lab` command. Returns its exit status: 0 done, 1 failed (not root, no cgroup v2, something could not be removed), 2 used wrongly.
 */
export async function labCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const json = args.join(' ').endsWith('-o json');
  const [name, ...rest] = json ? args.slice(0, -2) : args;
  if (name === '--help' || name === '-h' || name === 'help') {
    terminal.out(HELP);
    return 0;
  }
  const command = name === undefined ? undefined : commands[name];
  if (command === undefined || rest.length > 0) {
    terminal.err(name === undefined ? HELP : `axoneme-lab: unknown command: ${args.join(' ')}\n\n${HELP}`);
    return 2;
  }
  return runCommand(() => command(terminal, json), terminal);
}

async function runCommand(command: () => Promise<void>, terminal: Terminal): Promise<number> {
  try {
    if (process.getuid?.() !== 0) throw new HarnessError('NOT_ROOT', 'look at labs: it needs root');
    await command();
    return 0;
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    terminal.err(`axoneme-lab: ${error.message}\n`);
    return 1;
  }
}

async function list(terminal: Terminal, json: boolean): Promise<void> {
  const labs = listLabs();
  if (json) return terminal.out(`${JSON.stringify(labs, null, 2)}\n`);
  terminal.out(labs.length === 0 ? 'no labs\n' : labs.map(line).join(''));
}

function line(lab: LabRecord): string {
  const maker = lab.alive ? `process ${lab.pid}: ${lab.command}` : `process ${lab.pid}, which is dead`;
  return `${lab.name}\n  built ${lab.since.toISOString()} by ${maker}\n  ${lab.processes} processes; machines: ${lab.machines.join(', ') || 'none'}\n`;
}

async function sweepLabs(terminal: Terminal, json: boolean): Promise<void> {
  const swept = await sweep();
  const left = listLabs().filter(({ name }) => swept.includes(name));
  if (left.length > 0) throw new HarnessError('NOT_CLEAN', `sweep labs: left behind: ${left.map(({ name }) => name).join(', ')}`);
  if (json) return terminal.out(`${JSON.stringify(swept)}\n`);
  const alive = listLabs().filter((lab) => lab.alive).length;
  terminal.out(swept.length === 0 ? 'nothing to sweep\n' : swept.map((name) => `removed ${name}\n`).join(''));
  if (alive > 0) terminal.out(`${alive} ${alive === 1 ? 'lab' : 'labs'} of living processes left alone\n`);
}
