import { StoreError } from './errors.ts';

/** One condition of a label selector. All conditions must hold. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

const KEY = '[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?(/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?';
const equality = new RegExp(`^(?<key>${KEY})\\s*(?<operator>==|=|!=)\\s*(?<value>[-A-Za-z0-9_.]*)$`);
const set = new RegExp(`^(?<key>${KEY})\\s+(?<operator>in|notin)\\s*\\((?<values>[-A-Za-z0-9_.,\\s]*)\\)$`);
const presence = new RegExp(`^(?<absent>!\\s*)?(?<key>${KEY})$`);

/** Reads `a=b,c!=d,e in (x,y),f notin (z),g,!h`. Throws BadRequest. An empty text selects everything. */
export function parseLabelSelector(text: string): readonly Requirement[] {
  return split(text).map((part) => {
    const requirement = readEquality(part) ?? readSet(part) ?? readPresence(part);
    if (requirement === undefined) throw new StoreError('BadRequest', `parse label selector '${text}': cannot read '${part}'`);
    return requirement;
  });
}

/** At the commas outside of parentheses. */
function split(text: string): string[] {
  if (text.trim() === '') return [];
  return text.split(/,(?![^(]*\))/).map((part) => part.trim());
}

function readEquality(part: string): Requirement | undefined {
  const { key = '', operator, value = '' } = equality.exec(part)?.groups ?? {};
  if (operator === undefined) return undefined;
  return { key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] };
}

function readSet(part: string): Requirement | undefined {
  const { key = '', operator, values = '' } = set.exec(part)?.groups ?? {};
  if (operator === undefined) return undefined;
  return { key, operator: operator === 'in' ? 'In' : 'NotIn', values: values.split(',').map((value) => value.trim()) };
}

function readPresence(part: string): Requirement | undefined {
  const { key, absent } = presence.exec(part)?.groups ?? {};
  if (key === undefined) return undefined;
  return { key, operator: absent === undefined ? 'Exists' : 'DoesNotExist', values: [] };
}

/** As in Kubernetes, `NotIn` holds for an object without the label. */
export function matchesLabels(requirements: readonly Requirement[], labels: Labels = {}): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    return (value !== undefined && values.includes(value)) === (operator === 'In');
  });
}

/** One condition of a field selector. */
export interface FieldTerm {
  readonly path: readonly string[];
  readonly value: string;
  readonly isEqual: boolean;
}

/** Reads `spec.nodeName=n1,status.phase!=Failed`. Throws BadRequest, also for a field that is not `selectable`. */
export function parseFieldSelector(text: string, selectable: readonly string[]): readonly FieldTerm[] {
  return split(text).map((part) => {
    const { field, operator, value = '' } = /^(?<field>[^=!\s]+)\s*(?<operator>==|=|!=)\s*(?<value>[^=!]*)$/.exec(part)?.groups ?? {};
    if (field === undefined) throw new StoreError('BadRequest', `parse field selector '${text}': cannot read '${part}'`);
    if (!selectable.includes(field)) throw new StoreError('BadRequest', `field label not supported: ${field}`);
    return { path: field.split('.'), value, isEqual: operator !== '!=' };
  });
}

/** A field that an object lacks counts as an empty text. */
export function matchesFields(terms: readonly FieldTerm[], object: object): boolean {
  return terms.every(({ path, value, isEqual }) => (textAt(object, path) === value) === isEqual);
}

function textAt(object: object, path: readonly string[]): string {
  let at: unknown = object;
  for (const name of path) at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined;
  return at === undefined || at === null ? '' : String(at);
}
