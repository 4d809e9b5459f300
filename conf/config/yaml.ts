import { readYaml, YamlError } from '../yaml/read.ts';
import { ConfigError } from './error.ts';

/** A YAML document as plain values, and the way back to its lines. */
export interface YamlValue {
  readonly value: unknown;
  /** Line of the last part of the path that the document has, from 1; undefined when it has none. */
  readonly lineOf: (path: readonly string[]) => number | undefined;
}

/**
 * Reads one YAML 1.2 document; nothing counts as one without keys.
 * @throws ConfigError with the line, for text that is no YAML, has a key twice, or has several documents
 */
export function parseYaml(text: string, source: string): YamlValue {
  try {
    const [document, second] = readYaml(text);
    if (second) throw new ConfigError(source, [{ path: '', reason: 'expected one document, got several', line: second.lineOf([]) }]);
    return { value: document?.value ?? null, lineOf: (path) => document?.lineOf(path) };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new ConfigError(source, [{ path: '', reason: `not valid YAML: ${error.message}`, line: error.line }]);
  }
}
