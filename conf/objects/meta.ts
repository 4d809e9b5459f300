import * as z from 'zod/mini';
import { dnsSubdomain, labelValue, qualifiedName, type Syntax } from '../model/syntax.ts';
import { choice, count, described, flag, list, mapOf, optional, section, text, texts, time, type Wire, word } from './schema/fields.ts';
import { type Report, rule } from './schema/rules.ts';
import { isTree } from './schema/walk.ts';

/** All annotations of an object together may have 256 KiB. */
const ANNOTATION_BYTES = 256 * 1024;

/** Text by qualified name, each value of a form. */
const named = (value?: Syntax) => {
  const look = rule((fields, report) => checkNamed(fields, value, report));
  return texts().check(look);
};

function checkNamed(fields: Readonly<Record<string, unknown>>, value: Syntax | undefined, report: Report): void {
  for (const [key, entry] of Object.entries(fields)) {
    if (!qualifiedName.matches(key)) report([key], `expected ${qualifiedName.what}, got the key ${JSON.stringify(key)}`);
    if (typeof entry !== 'string' || !value || value.matches(entry)) continue;
    report([key], `expected ${value.what}, at most ${value.maxLength} characters, got ${JSON.stringify(entry)}`);
  }
}

const annotations = named().check(
  rule((fields, report) => {
    const bytes = Object.entries(fields).reduce((sum, [key, value]) => sum + Buffer.byteLength(`${key}${String(value)}`), 0);
    if (bytes > ANNOTATION_BYTES) report([], `expected at most ${ANNOTATION_BYTES} bytes of annotations, got ${bytes}`);
  }),
);

const ownerReference = section({
  apiVersion: text({ min: 1 }),
  kind: text({ min: 1 }),
  name: text({ min: 1 }),
  uid: text({ min: 1 }),
  controller: optional(flag()),
  blockOwnerDeletion: optional(flag()),
});

/** ObjectMeta of the Kubernetes API. The names of objects are checked by the kind, since each kind has its own form. */
export const objectMeta = section({
  name: optional(text({ min: 1, max: 253 })),
  generateName: optional(text({ min: 1, max: 253 })),
  namespace: optional(word({ ...dnsSubdomain, what: 'a namespace of lower-case letters, digits and -', maxLength: 63 })),
  uid: optional(text({ min: 1 })),
  resourceVersion: optional(text()),
  generation: optional(count()),
  creationTimestamp: optional(time()),
  deletionTimestamp: optional(time()),
  deletionGracePeriodSeconds: optional(count()),
  labels: optional(named(labelValue)),
  annotations: optional(annotations),
  ownerReferences: optional(list(ownerReference)),
  finalizers: optional(list(word(qualifiedName))),
  managedFields: optional(list(mapOf(z.unknown()))),
  selfLink: optional(text()),
});

export type ObjectMeta = Wire<z.output<typeof objectMeta>>;
export type OwnerReference = Wire<z.output<typeof ownerReference>>;

/** What every object has. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

const requirement = (key: Syntax) => {
  const shape = {
    key: word(key),
    operator: choice('In', 'NotIn', 'Exists', 'DoesNotExist'),
    values: optional(list(word(labelValue))),
  };
  return section(shape).check(rule(checkValues));
};

function checkValues({ operator, values }: Readonly<Record<string, unknown>>, report: Report): void {
  const number = Array.isArray(values) ? values.length : 0;
  if ((operator === 'In' || operator === 'NotIn') && number === 0) report(['values'], `operator ${operator} needs at least one value`);
  if ((operator === 'Exists' || operator === 'DoesNotExist') && number > 0) report(['values'], `operator ${operator} takes no values`);
}

/** A selector over labels. @param key the form of its keys: Cilium's policies have sources in them */
export function labelSelector(key: Syntax = qualifiedName) {
  const checkKeys = rule((fields, report) => {
    for (const name of Object.keys(fields))
      if (!key.matches(name)) report([name], `expected ${key.what}, got the key ${JSON.stringify(name)}`);
  });
  return section({
    matchLabels: optional(mapOf(word(labelValue)).check(checkKeys)),
    matchExpressions: optional(list(requirement(key))),
  });
}

const condition = section({
  type: text({ min: 1, max: 316 }),
  status: choice('True', 'False', 'Unknown'),
  reason: text({ max: 1024 }),
  message: text({ max: 32768 }),
  lastTransitionTime: time(),
  observedGeneration: optional(count()),
});

export type Condition = Wire<z.output<typeof condition>>;

/** Conditions as metav1.Condition has them; one per type. */
export const conditions = () => list(condition).check(z.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }));

/** Conditions of core kinds: everything but type and status may be missing. */
export const coreConditions = () => list(section({ type: text(), status: text(), reason: optional(text()), message: optional(text()) }));

/** `apiVersion`, `kind` and `metadata` of a kind. */
export function typeMeta<const V extends readonly [string, ...string[]], const K extends string>(apiVersions: V, kind: K) {
  return {
    apiVersion: choice(...apiVersions),
    kind: choice(kind),
    metadata: described('Standard metadata of the object.', objectMeta),
  };
}

/** Name and namespace for people: `default/web`, or `n1` for a kind of the cluster. */
export function displayName(object: unknown): string {
  const meta = isTree(object) && isTree(object['metadata']) ? object['metadata'] : {};
  const { namespace, name, generateName } = meta;
  const own = typeof name === 'string' ? name : typeof generateName === 'string' ? `${generateName}*` : '';
  return typeof namespace === 'string' && own !== '' ? `${namespace}/${own}` : own;
}
