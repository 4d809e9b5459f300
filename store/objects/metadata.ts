import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { conflict, invalid, type StatusCause, StoreError } from '../errors.ts';
import { apiVersionOf, type KubeObject, type ObjectMeta, type Resource } from '../object.ts';

/** The rest of an object by field. */
type Fields = Readonly<Record<string, unknown>>;

/** What Kubernetes uses for random names: no vowels, so no words. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

/** Says what is wrong with an object of a kind, and with its change when there was one `before`; nothing when all is well. */
export type Validate = (resource: Resource, object: KubeObject, before?: KubeObject) => readonly StatusCause[];

export function generatedName(prefix: string): string {
  return prefix + Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** The object that a draft becomes. */
export function created(resource: Resource, draft: KubeObject): KubeObject {
  checkKind(resource, draft);
  const { resourceVersion, deletionTimestamp: _, ...metadata } = draft.metadata;
  if (resourceVersion) throw new StoreError('BadRequest', `create ${resource.plural}: resourceVersion must not be set`);
  const name = metadata.name ?? (metadata.generateName === undefined ? '' : generatedName(metadata.generateName));
  const own: ObjectMeta = { ...metadata, name, uid: randomUUID(), generation: 1, creationTimestamp: now() };
  checkMetadata(resource, own);
  return { ...(resource.hasStatus ? withStatusOf(draft, undefined) : draft), metadata: own };
}

/** The object that an update makes of the current one. Names, times and uid stay. */
export function updated(resource: Resource, current: KubeObject, wanted: KubeObject): KubeObject {
  checkKind(resource, wanted);
  checkIdentity(resource, current.metadata, wanted.metadata);
  const { uid, creationTimestamp, deletionTimestamp, name, namespace, generation } = current.metadata;
  const kept = { uid, creationTimestamp, deletionTimestamp, name, namespace, generation };
  const { deletionTimestamp: _, ...given } = wanted.metadata;
  const metadata = Object.fromEntries(Object.entries({ ...given, ...kept }).filter(([, value]) => value !== undefined)) as ObjectMeta;
  checkMetadata(resource, metadata);
  checkFinalizers(resource, current.metadata, metadata);
  const next = { ...(resource.hasStatus ? withStatusOf(wanted, current) : wanted), metadata };
  if (isDeepStrictEqual(contentOf(resource, next), contentOf(resource, current))) return next;
  return { ...next, metadata: { ...metadata, generation: (generation ?? 0) + 1 } };
}

/** The current object with the status of what is wanted, and nothing else of it. */
export function statusUpdated(resource: Resource, current: KubeObject, wanted: KubeObject): KubeObject {
  if (!resource.hasStatus) throw new StoreError('NotFound', `write ${resource.plural}: the kind has no status of its own`);
  checkKind(resource, wanted);
  checkIdentity(resource, current.metadata, wanted.metadata);
  return withStatusOf(current, wanted);
}

/** An object with the status of another. */
function withStatusOf(object: KubeObject, other: KubeObject | undefined): KubeObject {
  const { status: _, ...rest } = object as KubeObject & Fields;
  const status = (other as (KubeObject & Fields) | undefined)?.['status'];
  return (status === undefined ? rest : { ...rest, status }) as KubeObject;
}

/** As it is from the moment that somebody deletes it until its finalizers are gone. */
export function deleting(object: KubeObject): KubeObject {
  const { generation = 0 } = object.metadata;
  return {
    ...object,
    metadata: { ...object.metadata, generation: generation + 1, deletionTimestamp: now(), deletionGracePeriodSeconds: 0 } as ObjectMeta,
  };
}

/** What the generation counts: all but metadata, and status where it is written apart. */
function contentOf(resource: Resource, object: KubeObject): Fields {
  const { metadata: _, ...content } = resource.hasStatus ? withStatusOf(object, undefined) : object;
  return content as Fields;
}

function checkKind(resource: Resource, { apiVersion, kind, metadata }: KubeObject): void {
  const [expected, got] = [`${apiVersionOf(resource)} ${resource.kind}`, `${apiVersion} ${kind}`];
  if (expected !== got) throw new StoreError('BadRequest', `write ${resource.plural}: the object is a ${got}, not a ${expected}`);
  if (typeof metadata !== 'object' || metadata === null)
    throw new StoreError('BadRequest', `write ${resource.plural}: the object has no metadata`);
}

/** RFC 1123 subdomain. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const MOST_ANNOTATIONS = 256 * 1024;

function checkMetadata(resource: Resource, { name = '', namespace, labels = {}, annotations = {} }: ObjectMeta): void {
  const causes: StatusCause[] = [];
  const report = (field: string, message: string) => causes.push({ reason: 'FieldValueInvalid', field: `metadata.${field}`, message });
  if (name === '') report('name', 'name or generateName is required');
  else if (name.length > 253 || !NAME.test(name))
    report('name', `'${name}' is not a lower case RFC 1123 subdomain of at most 253 characters`);
  if (resource.namespaced && !namespace) report('namespace', 'a namespace is required');
  if (!resource.namespaced && namespace !== undefined) report('namespace', 'the kind has no namespaces');
  for (const [key, value] of Object.entries(labels)) {
    if (!LABEL_KEY.test(key)) report('labels', `'${key}' is not a label key`);
    if (typeof value !== 'string' || !LABEL_VALUE.test(value)) report('labels', `'${value}' is not a label value of at most 63 characters`);
  }
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
  if (size > MOST_ANNOTATIONS) report('annotations', `must have at most ${MOST_ANNOTATIONS} bytes`);
  if (causes.length > 0) throw invalid(resource, name, causes);
}

function checkIdentity(resource: Resource, current: ObjectMeta, { uid, resourceVersion }: ObjectMeta): void {
  const name = current.name ?? '';
  if (uid !== undefined && uid !== current.uid) throw conflict(resource, name, `its uid is ${current.uid}, not ${uid}`);
  if (resourceVersion === current.resourceVersion) return;
  throw conflict(resource, name, 'the object has been modified; apply your changes to the latest version and try again');
}

function checkFinalizers(resource: Resource, current: ObjectMeta, { finalizers = [] }: ObjectMeta): void {
  if (current.deletionTimestamp === undefined) return;
  const added = finalizers.filter((finalizer) => !current.finalizers?.includes(finalizer));
  if (added.length === 0) return;
  const message = `no new finalizers can be added while the object is being deleted: ${added.join(', ')}`;
  throw invalid(resource, current.name ?? '', [{ reason: 'FieldValueForbidden', field: 'metadata.finalizers', message }]);
}
