import { formatPath } from './error.ts';
import type { KubeObject } from './meta.ts';
import { EXTENDED_PROTOCOLS } from './policy/ports.ts';
import { type FieldPath, isTree } from './schema/walk.ts';

/** A field that is valid, and that axoneme does not act on yet. */
export interface UnsupportedField {
  readonly path: string;
  /** What the field asks for: `L7 rules`. */
  readonly feature: string;
}

interface Row {
  /** Names of fields from the top of a rule; `*` stands for every entry of a list. */
  readonly at: readonly string[];
  readonly feature: string;
  /** True for values that ask for the feature; absent: every value. */
  readonly asks?: (value: unknown) => boolean;
}

const isFilledList = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

/** What an item of a rule may ask for. */
const itemRows: readonly Row[] = [
  { at: ['toFQDNs'], feature: 'rules by DNS name', asks: isFilledList },
  { at: ['fromGroups'], feature: 'groups of a cloud', asks: isFilledList },
  { at: ['toGroups'], feature: 'groups of a cloud', asks: isFilledList },
  { at: ['authentication'], feature: 'mutual authentication', asks: (value) => isTree(value) && value['mode'] !== 'disabled' },
  { at: ['toPorts', '*', 'rules'], feature: 'L7 rules' },
  { at: ['toPorts', '*', 'listener'], feature: 'L7 listeners' },
  { at: ['toPorts', '*', 'originatingTLS'], feature: 'TLS interception' },
  { at: ['toPorts', '*', 'terminatingTLS'], feature: 'TLS interception' },
  { at: ['toPorts', '*', 'serverNames'], feature: 'rules by TLS server name' },
  {
    at: ['toPorts', '*', 'ports', '*', 'protocol'],
    feature: 'protocols without ports',
    asks: (value) => EXTENDED_PROTOCOLS.some((name) => name === value),
  },
];

const SECTIONS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'];
const POLICIES = ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'];

const ruleRows: readonly Row[] = [
  { at: ['nodeSelector'], feature: 'the host firewall' },
  ...SECTIONS.flatMap((section) => itemRows.map((row) => ({ ...row, at: [section, '*', ...row.at] }))),
];

const policyRows: readonly Row[] = [
  ...ruleRows.map((row) => ({ ...row, at: ['spec', ...row.at] })),
  ...ruleRows.map((row) => ({ ...row, at: ['specs', '*', ...row.at] })),
];

/** Every field of a valid object that asks for what axoneme does not do. Callers refuse the object or report the fields: they are never ignored in silence. */
export function unsupported(object: KubeObject): readonly UnsupportedField[] {
  if (!POLICIES.includes(object.kind)) return [];
  return policyRows.flatMap((row) => found(object, row.at, []).flatMap(({ path, value }) => report(row, path, value)));
}

function report({ feature, asks }: Row, path: FieldPath, value: unknown): UnsupportedField[] {
  return asks === undefined || asks(value) ? [{ path: formatPath(path), feature }] : [];
}

/** All places that a pattern leads to. */
function found(value: unknown, pattern: readonly string[], path: FieldPath): { readonly path: FieldPath; readonly value: unknown }[] {
  const [step, ...rest] = pattern;
  if (step === undefined) return [{ path, value }];
  if (step === '*') return Array.isArray(value) ? value.flatMap((entry, index) => found(entry, rest, [...path, index])) : [];
  return isTree(value) && value[step] !== undefined ? found(value[step], rest, [...path, step]) : [];
}
