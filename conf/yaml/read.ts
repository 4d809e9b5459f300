import { CORE_SCHEMA, constructFromEvents, mergeTag, parseEvents, YAMLException } from 'js-yaml';
import { positionsOf } from './positions.ts';

/** A place in a document: names of keys and indexes of lists. */
export type YamlPath = readonly (string | number)[];

/** A YAML document as plain values, and the way back to its lines. */
export interface YamlDocument {
  readonly value: unknown;
  /** Line of the last part of the path that the document has, from 1; that of the document for an empty path. */
  readonly lineOf: (path: YamlPath) => number;
}

/** Text that is no YAML, or has a key twice. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  readonly code = 'YAML';
  /** From 1. */
  readonly line: number;

  constructor(reason: string, line: number, options?: ErrorOptions) {
    super(reason, options);
    this.line = line;
  }
}

/** YAML 1.2 with merge keys (`<<`), which people use in manifests. */
const schema = CORE_SCHEMA.withTags(mergeTag);

/**
 * Reads all documents of a text; JSON is YAML too. Empty documents are left out. Lines are looked up when they are asked for: a text of
 * which nothing is wrong costs no more than its values.
 * @throws YamlError
 */
export function readYaml(text: string): readonly YamlDocument[] {
  try {
    const events = parseEvents(text, {});
    const values = constructFromEvents(events, { source: text, schema });
    const places = lazily(() => positionsOf(events, text));
    const documents = values.map((value, index) => ({ value, lineOf: (path: YamlPath) => places()[index]?.lineOf(path) ?? 1 }));
    return documents.filter(({ value }) => value !== null && value !== undefined);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new YamlError(error.reason, (error.mark?.line ?? 0) + 1, { cause: error });
  }
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
