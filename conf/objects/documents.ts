import { readYaml, YamlError, type YamlPath } from '../yaml/read.ts';
import { inspect } from './decode.ts';
import { ObjectError, type ObjectProblem } from './error.ts';
import type { KubeObject } from './meta.ts';
import { isTree } from './schema/walk.ts';

/** One object of a file, as it stands there. */
export interface ManifestEntry {
  readonly value: unknown;
  /** Line of a path in the file, from 1. */
  readonly lineOf: (path: YamlPath) => number;
}

/**
 * All objects of a file: YAML of one or more documents, or JSON; a List, or a list of a kind, stands for its items. Nothing is checked yet.
 * @throws ObjectError for text that is neither
 */
export function readManifest(text: string, source: string): readonly ManifestEntry[] {
  return documentsOf(text, source).flatMap(itemsOf);
}

/**
 * Reads, completes and checks all objects of a file. Unknown fields of kinds of cilium.io are errors.
 * @throws ObjectError with every problem of every object, each with its line
 */
export function parseManifest(text: string, source: string): readonly KubeObject[] {
  const results = readManifest(text, source).map(({ value, lineOf }) => inspect(value, { unknownFields: 'refuse', lineOf }));
  const found = results.flatMap(({ problems }): readonly ObjectProblem[] => problems);
  const [first, ...others] = found.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (first) throw new ObjectError(source, [first, ...others]);
  return results.map(({ object }) => object as KubeObject);
}

function documentsOf(text: string, source: string): readonly ManifestEntry[] {
  const fromJson = /^\s*\{/.test(text) ? readJson(text) : undefined;
  if (fromJson !== undefined) return [{ value: fromJson, lineOf: (path) => readYaml(text)[0]?.lineOf(path) ?? 1 }];
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new ObjectError(source, [{ path: '', reason: `not valid YAML: ${error.message}`, line: error.line }]);
  }
}

/** JSON is YAML, but its own parser is ten times as fast. Text that it refuses gets its error, with a line, as YAML. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The items of a list, which may leave out their kind when the list's own names it. */
function itemsOf(entry: ManifestEntry): readonly ManifestEntry[] {
  const { value, lineOf } = entry;
  if (!isTree(value) || typeof value['kind'] !== 'string' || !value['kind'].endsWith('List') || !Array.isArray(value['items']))
    return [entry];
  const kind = value['kind'].slice(0, -'List'.length);
  return value['items'].flatMap((item, index) =>
    itemsOf({
      value: kind !== '' && isTree(item) && item['kind'] === undefined ? { apiVersion: value['apiVersion'], kind, ...item } : item,
      lineOf: (path) => lineOf(['items', index, ...path]),
    }),
  );
}
