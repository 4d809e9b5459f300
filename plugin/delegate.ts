import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { CniError, type CniErrorName } from '../conf/cni/errors.ts';
import type { CniCommand } from '../conf/cni/types.ts';
import type { PluginCall } from './types.ts';

/** See `Delegates.run`. Its stderr is ours, so that its words reach the runtime; its stdout is not. */
export async function runDelegate(type: string, command: CniCommand, { env, stdin }: PluginCall): Promise<unknown> {
  const path = findPlugin(type, env['CNI_PATH'] ?? '');
  const { code, stdout } = await execute(path, { ...env, CNI_COMMAND: command }, JSON.stringify(stdin)).catch((cause: unknown) => {
    throw new CniError('delegate-failed', `run IPAM plugin ${path}`, { cause });
  });
  const answer = parse(stdout);
  if (code === 0) return answer;
  throw refusal(`${command} of IPAM plugin ${type}`, code, answer, stdout);
}

/** The first of that name in the folders of CNI_PATH. */
function findPlugin(type: string, folders: string): string {
  const found = folders
    .split(':')
    .filter(Boolean)
    .map((folder) => join(folder, type))
    .find(isExecutable);
  if (found !== undefined) return found;
  throw new CniError('delegate-failed', `find IPAM plugin ${type}: no such executable in CNI_PATH ${JSON.stringify(folders)}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function execute(path: string, env: PluginCall['env'], input: string): Promise<{ code: number | string; stdout: string }> {
  const { spawn } = await import('node:child_process');
  return await new Promise((resolve, reject) => {
    const child = spawn(path, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    // A plugin that does not read its configuration is no reason to fail.
    child.stdin.on('error', () => undefined).end(input);
    child.on('error', reject).on('close', (code, signal) => resolve({ code: code ?? signal ?? 'unknown', stdout }));
  });
}

function parse(stdout: string): unknown {
  try {
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

/** Codes of the specification that mean the same of us. */
const NAMES: Readonly<Record<number, CniErrorName>> = { 11: 'try-again-later', 50: 'not-available', 51: 'limited-connectivity' };

function refusal(what: string, status: number | string, answer: unknown, stdout: string): CniError {
  const { code, msg, details } = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>;
  if (typeof code !== 'number' || typeof msg !== 'string') {
    const text = stdout === '' ? {} : { details: `stdout: ${stdout.slice(0, 500)}` };
    return new CniError('delegate-failed', `${what}: it ended with ${status} and no error object`, text);
  }
  const text = typeof details === 'string' && details !== '' ? { details } : {};
  return new CniError(NAMES[code] ?? 'delegate-failed', `${what}: ${msg}`, { ...text, number: code });
}
