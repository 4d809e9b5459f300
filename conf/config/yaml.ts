import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError } from './error.ts';

/** A YAML document as plain values, and the way back to its lines. */
export interface YamlValue {
  readonly value: unknown;
  /** Line of the last key of the path that the document has, from 1. */
  readonly lineOf: (path: readonly string[]) => number | undefined;
}

/**
 * Reads one YAML 1.2 document.
 * @throws ConfigError with the line, for text that is no YAML, has a key twice, or has several documents
 */
export function parseYaml(text: string, source: string): YamlValue {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [first, ...rest] = document.errors.map((error) => ({
    path: '',
    reason: `not valid YAML: ${error.message.toLowerCase()}`,
    line: lines.linePos(error.pos[0]).line,
  }));
  if (first) throw new ConfigError(source, [first, ...rest]);
  return { value: document.toJS(), lineOf: (path) => lineOf(document.contents, path, lines) };
}

function lineOf(root: Node | null, path: readonly string[], lines: LineCounter): number | undefined {
  let node: unknown = root;
  let line: number | undefined;
  for (const name of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === name) : undefined;
    if (!pair) break;
    const at = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
    if (at !== undefined) line = lines.linePos(at).line;
    node = pair.value;
  }
  return line;
}
