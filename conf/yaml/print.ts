import { dump } from 'js-yaml';

/** The value as YAML in block style, with keys in their order and long lines unbroken, as `kubectl get -o yaml` prints. */
export function printYaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true, seqNoIndent: true, quoteStyle: 'double' });
}

/** Several documents, with `---` between them. */
export function printYamlDocuments(values: readonly unknown[]): string {
  return values.map(printYaml).join('---\n');
}
