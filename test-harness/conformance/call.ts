import type { Json } from '../runtime/network.ts';
import { isObject } from '../runtime/network.ts';
import { type Call, Deviation } from './verdict.ts';

/** `ADD`, or whatever stood in CNI_COMMAND. */
export function verbOf(call: Call): string {
  return call.env['CNI_COMMAND'] ?? '(no CNI_COMMAND)';
}

/** Whether the plugin says that it succeeded: exit status 0 (specification 1.1.0, section 2, "Overview"). */
export function succeeded(call: Call): boolean {
  return call.result.code === 0;
}

/** Deviation unless the call succeeded. Returns the call. */
export function mustSucceed(call: Call, what = verbOf(call)): Call {
  if (!succeeded(call)) throw new Deviation(`${what} failed: ${outcomeOf(call)}`);
  return call;
}

/** The error object of section 5, as far as items look at it. */
export interface ErrorObject extends Json {
  readonly code: number;
  readonly msg: string;
}

/** Deviation unless the call failed with an error object on stdout. */
export function mustFail(call: Call, what: string): ErrorObject {
  if (succeeded(call)) throw new Deviation(`${what}: ${verbOf(call)} succeeded`);
  const error = parseOutput(call);
  if (!isObject(error) || typeof error['code'] !== 'number' || typeof error['msg'] !== 'string')
    throw new Deviation(`${what}: ${verbOf(call)} failed without an error object on stdout: ${outcomeOf(call)}`);
  return error as ErrorObject;
}

/** Deviation unless the call failed with one of the codes. */
export function mustFailWith(call: Call, codes: readonly number[], what: string): ErrorObject {
  const error = mustFail(call, what);
  if (!codes.includes(error.code)) throw new Deviation(`${what}: error code ${error.code}, not ${codes.join(' or ')}: ${error.msg}`);
  return error;
}

/** Deviation unless nothing was written to stdout. */
export function mustBeSilent(call: Call): Call {
  const { stdout } = call.result;
  if (stdout !== '') throw new Deviation(`${verbOf(call)} wrote to stdout: ${excerpt(stdout)}`);
  return call;
}

/** Stdout as one JSON value; undefined when it is not exactly that. */
export function parseOutput(call: Call): unknown {
  try {
    return JSON.parse(call.result.stdout);
  } catch {
    return undefined;
  }
}

/** How a call ended, in one line. */
export function outcomeOf({ result }: Call): string {
  const end = result.killed ? 'no end in time' : (result.signal ?? `exit status ${result.code}`);
  const words = (result.stdout.trim() || result.stderr.trim()).replace(/\s+/g, ' ');
  return words === '' ? end : `${end}, ${excerpt(words)}`;
}

/** The call as a shell command that repeats it, and what came of it. */
export function formatCall(call: Call): string {
  const variables = Object.entries(call.env).map(([name, value]) => `${name}=${quote(value)}`);
  const { code, signal, stdout, stderr } = call.result;
  const lines = [`printf %s ${quote(call.stdin)} | ${[...variables, call.plugin].join(' ')}`, `exit: ${signal ?? code}`];
  if (stdout !== '') lines.push(`stdout: ${stdout.trim().replace(/\s*\n\s*/g, ' ')}`);
  if (stderr !== '') lines.push(`stderr: ${stderr.trim()}`);
  return lines.join('\n');
}

/** Longest excerpt of a plugin's words in a reason, in characters. */
const EXCERPT = 300;

function excerpt(text: string): string {
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text.trim();
}

/** For sh(1): bare when nothing in it is special. */
function quote(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
