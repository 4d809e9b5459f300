import type * as z from 'zod/mini';
import { asksFor, ignoredKeys, type Unbuilt, unbuilt } from './chart.ts';
import { crossCheck } from './cross-check.ts';
import { deepFreeze, defaultConfig } from './defaults.ts';
import { ConfigError, type ConfigProblem } from './error.ts';
import { keysAt } from './known.ts';
import { nearest } from './nearest.ts';
import { configSchema, type FileConfig } from './schema.ts';
import type { DaemonConfig, ParsedConfig } from './types.ts';

type Tree = { [key: string]: unknown };

/** What the caller knows about where the value came from. */
export interface ParseOptions {
  /** Named in errors; `configuration` when absent. */
  readonly source?: string;
  /** Line of a path in the source, from 1. */
  readonly lineOf?: (path: readonly string[]) => number | undefined;
}

/**
 * Checks a configuration as YAML gave it and fills in the defaults. `null` and `""` mean "not set", as they do in the chart.
 * @throws ConfigError with every problem: unknown keys (and the nearest known one), ill-typed values, features that are not built yet
 */
export function parseConfig(value: unknown, options: ParseOptions = {}): ParsedConfig {
  const source = options.source ?? 'configuration';
  const file = value ?? {};
  if (!isTree(file)) throw new ConfigError(source, [{ path: '', reason: 'expected keys and values' }]);
  const problems: ConfigProblem[] = [];
  const report = (path: readonly string[], reason: string) => {
    const line = options.lineOf?.(path);
    problems.push({ path: path.join('.'), reason, ...(line === undefined ? {} : { line }) });
  };
  const asked = unbuilt.filter((row) => reportUnbuilt(file, row, report));
  const ignored: string[] = [];
  const rest = strip(file, [], new Set([...unbuiltOnly, ...asked.map((row) => row.path)]), ignored);
  const result = configSchema.safeParse(rest);
  for (const issue of result.error?.issues ?? []) reportIssue(issue, rest, report);
  const config = result.success ? (merge(defaultConfig, result.data) as DaemonConfig) : undefined;
  for (const { path, reason } of config && problems.length === 0 ? crossCheck(config) : []) report(path, reason);
  const [first, ...others] = problems;
  if (first || !config) throw new ConfigError(source, [first ?? { path: '', reason: 'not valid' }, ...others]);
  return { config: deepFreeze(config), ignored };
}

type Report = (path: readonly string[], reason: string) => void;

/** Keys whose every value is either refused or without effect: they are gone before the schema looks. */
const unbuiltOnly = unbuilt.flatMap(({ path, values }) => (values && path !== 'policyEnforcementMode' ? [] : [path]));

function reportUnbuilt(file: Tree, row: Unbuilt, report: Report): boolean {
  const path = row.path.split('.');
  const value = path.reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), file);
  if (!asksFor(row, value)) return false;
  report(path, `${show(value)} is not supported yet (${row.feature})`);
  return true;
}

/** A copy without what is ignored, handled, or not set. */
function strip(tree: Tree, path: readonly string[], handled: ReadonlySet<string>, ignored: string[]): Tree {
  const kept: Tree = {};
  for (const [key, value] of Object.entries(tree)) {
    const at = [...path, key].join('.');
    if (ignoredKeys.has(at)) {
      if (!isTree(value) || hasOther(value, at, handled)) ignored.push(at);
    } else if (!handled.has(at) && value !== null && value !== '') {
      kept[key] = isTree(value) ? strip(value, [...path, key], handled, ignored) : value;
    }
  }
  return kept;
}

/** True when there is more below an ignored key than switches of features, which have been looked at. */
function hasOther(tree: Tree, path: string, handled: ReadonlySet<string>): boolean {
  return Object.entries(tree).some(([key, value]) => {
    const at = `${path}.${key}`;
    return isTree(value) ? hasOther(value, at, handled) : !handled.has(at);
  });
}

function reportIssue(issue: z.core.$ZodIssue, rest: Tree, report: Report): void {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) report([...path, key], unknownKey(path, key));
    return;
  }
  const deeper = issue.code === 'invalid_union' ? deepest(issue) : undefined;
  if (deeper) {
    reportIssue({ ...deeper, path: [...issue.path, ...deeper.path] }, rest, report);
    return;
  }
  const { value, depth } = follow(rest, path);
  report(path.slice(0, depth), value === undefined ? `${issue.message}, got nothing` : `${issue.message}, got ${show(value)}`);
}

/** The value at a path, and how far the path goes: entries of a list that was written as one string have no place of their own. */
function follow(tree: Tree, path: readonly string[]): { value: unknown; depth: number } {
  let value: unknown = tree;
  for (const [depth, key] of path.entries()) {
    if (typeof value === 'string') return { value, depth };
    value = typeof value === 'object' && value !== null ? (value as Tree)[key] : undefined;
  }
  return { value, depth: path.length };
}

/** Of a list with one bad entry, the entry; of anything else, nothing. */
function deepest(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | undefined {
  return issue.errors.flat().find((inner) => inner.path.length > 0 || inner.code === 'custom');
}

function unknownKey(path: readonly string[], key: string): string {
  const prefix = path.length > 0 ? `${path.join('.')}.` : '';
  const siblings = [...ignoredKeys, ...unbuilt.map((row) => row.path)].flatMap((known) => {
    const below = known.startsWith(prefix) ? known.slice(prefix.length).split('.')[0] : undefined;
    return below === undefined ? [] : [below];
  });
  const guess = nearest(key, [...keysAt(configSchema, path), ...siblings]);
  return guess === undefined ? 'unknown key' : `unknown key; did you mean ${prefix}${guess}?`;
}

/** The file over the defaults; lists and pools are taken whole. */
function merge(defaults: unknown, file: FileConfig | unknown): unknown {
  if (file === undefined) return defaults;
  if (!isTree(defaults) || !isTree(file)) return file;
  const keys = new Set([...Object.keys(defaults), ...Object.keys(file)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(defaults[key], file[key])]));
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
