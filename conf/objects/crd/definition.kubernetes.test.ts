import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiServer, findApiServer } from '../../../store/testing/kube-apiserver.ts';
import { until } from '../../../store/testing/process.ts';
import { tableOf } from '../columns/table.ts';
import { decodeObject } from '../decode.ts';
import { apiVersionOf, type Kind } from '../kind.ts';
import { displayName, type KubeObject } from '../meta.ts';
import { allKinds, ciliumKinds, kindOf } from '../registry.ts';
import { isTree } from '../schema/walk.ts';
import { samples } from '../testing/samples.ts';
import { definitionOf } from './definition.ts';

/* What a real kube-apiserver says of our definitions, samples and tables. */

type Tree = Record<string, unknown>;

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start(findApiServer() ?? expect.fail('no kube-apiserver: npm run test:kubernetes builds one'));
  for (const kind of ciliumKinds) await created(DEFINITIONS, definitionOf(kind));
  for (const kind of ciliumKinds) await until(`the kind ${kind.kind}`, () => isServed(kind));
  for (const object of namespacesFirst) await created(pathOf(kindFor(object), object.metadata.namespace, object.apiVersion), object);
});
afterAll(() => server[Symbol.asyncDispose]());

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const objects = samples as readonly KubeObject[];
const namespacesFirst = objects.toSorted((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'));

async function call(method: string, path: string, body?: unknown, accept = 'application/json'): Promise<{ status: number; body: Tree }> {
  const { ca, client } = server.certificates;
  const { server: url } = server.login;
  const [cert, key] = [readFileSync(client.cert), readFileSync(client.key)];
  const headers = { accept, 'content-type': 'application/json' };
  const outgoing = request(`${url}${path}`, { method, headers, ca: readFileSync(ca.cert), cert, key });
  const answered = once(outgoing, 'response');
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response]: IncomingMessage[] = await answered;
  const answer = response ? await text(response) : '';
  return { status: response?.statusCode ?? 0, body: answer.startsWith('{') ? JSON.parse(answer) : { message: answer } };
}

async function created(path: string, object: unknown): Promise<Tree> {
  const { status, body } = await call('POST', `${path}?fieldValidation=Strict`, object);
  if (status !== 201) throw new Error(`create ${displayName(object)}: ${status} ${String(body['message']).slice(-400)}`);
  return body;
}

function pathOf(kind: Kind, namespace?: string, apiVersion = apiVersionOf(kind)): string {
  const root = kind.group === '' ? '/api' : '/apis';
  return `${root}/${apiVersion}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kind.plural}`;
}

function kindFor({ apiVersion, kind }: KubeObject): Kind {
  return kindOf(apiVersion, kind) ?? expect.fail(`unknown kind ${kind}`);
}

async function isServed(kind: Kind): Promise<boolean> {
  return (await conditionsOf(kind)).includes('Established=True') && (await call('GET', pathOf(kind))).status === 200;
}

async function conditionsOf({ plural, group }: Kind): Promise<string[]> {
  const { body } = await call('GET', `${DEFINITIONS}/${plural}.${group}`);
  const { conditions = [] } = (body['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.map(({ type, status }) => `${type}=${status}`);
}

const label = ({ kind, metadata }: KubeObject): string => `${kind} ${displayName({ metadata })}`;

describe('definitions', () => {
  it.each(ciliumKinds.map((kind) => [kind.kind, kind] as const))('of %s are established and structural', async (_, kind) => {
    expect(await conditionsOf(kind)).toEqual(['NamesAccepted=True', 'Established=True']);
  });
});

describe('samples', () => {
  const ours = objects.filter((object) => kindFor(object).group === 'cilium.io');

  it.each(ours.map((object) => [label(object), object] as const))('%s comes back with every field that it had', async (_, object) => {
    const { metadata, status, apiVersion, ...content } = object as KubeObject & Tree;
    expect(await stored(object)).toMatchObject(
      kindFor(object).hasStatus ? content : { ...content, ...(status === undefined ? {} : { status }) },
    );
  });

  it.each(objects.map((object) => [label(object), object] as const))('%s is valid as the server returns it', async (_, object) => {
    expect(decodeObject(await stored(object), { unknownFields: 'refuse' })).toMatchObject({ kind: object.kind });
  });
});

async function stored(object: KubeObject): Promise<Tree> {
  const { name, namespace } = object.metadata;
  return (await call('GET', `${pathOf(kindFor(object), namespace)}/${name}`)).body;
}

describe('tables', () => {
  it.each(allKinds.map((kind) => [kind.kind, kind] as const))('of %s are those of the server', async (_, kind) => {
    const { body } = await call('GET', `${pathOf(kind)}?includeObject=Object`, undefined, 'application/json;as=Table;g=meta.k8s.io;v=v1');
    const definitions = body['columnDefinitions'] as { name: string; priority: number }[];
    const shown = definitions
      .map(({ name, priority }, index) => ({ name: name.toUpperCase(), priority, index }))
      .filter(({ priority }) => priority === 0);
    const rows = body['rows'] as { cells: unknown[]; object: unknown }[];
    const ours = tableOf(
      kind.columns,
      rows.map(({ object }) => object),
      { now: new Date() },
    );
    expect(ours.head).toEqual(shown.map(({ name }) => name));
    const withoutAge = (cells: readonly unknown[]) =>
      cells.filter((_cell, at) => ours.head[at] !== 'AGE').map((cell) => String(cell ?? ''));
    expect(ours.rows.map(withoutAge)).toEqual(rows.map(({ cells }) => withoutAge(shown.map(({ index }) => cells[index]))));
    expect(rows.length).toBeGreaterThan(0);
  });
});

describe('mistakes are refused by the server and by us', () => {
  const rule = (fields: Tree) => ({ endpointSelector: {}, ingress: [fields] });
  const objectOf = (kind: string, spec: unknown, apiVersion = 'cilium.io/v2') => ({ apiVersion, kind, metadata: { name: 'bad' }, spec });
  const cnp = (spec: unknown) => objectOf('CiliumNetworkPolicy', spec);
  const cpip = (spec: unknown) => objectOf('CiliumPodIPPool', spec, 'cilium.io/v2alpha1');
  const netpol = (spec: unknown) => objectOf('NetworkPolicy', spec, 'networking.k8s.io/v1');
  it.each([
    ['a rule without spec', { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'bad' } }],
    ['an unknown field', cnp({ ...rule({}), order: 1 })],
    ['two forms of a CIDR rule', cnp(rule({ fromCIDRSet: [{ cidr: '10.0.0.0/8', cidrGroupRef: 'x' }] }))],
    ['a network that is none', cnp(rule({ fromCIDRSet: [{ cidr: '10.0.0.0/40' }] }))],
    ['an entity that is none', cnp(rule({ fromEntities: ['worldd'] }))],
    ['a port that is a number', cnp(rule({ toPorts: [{ ports: [{ port: 80 }] }] }))],
    ['a selector with a bad key', cnp(rule({ fromEndpoints: [{ matchExpressions: [{ key: 'a b', operator: 'Exists' }] }] }))],
    ['an unknown operator', cnp(rule({ fromEndpoints: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }] }))],
    ['a pool without networks', cpip({ ipv4: { cidrs: [], maskSize: 24 } })],
    ['a pool of no family', cpip({})],
    ['blocks of no size', cpip({ ipv4: { cidrs: ['10.0.0.0/8'], maskSize: 33 } })],
    ['an empty peer', netpol({ podSelector: {}, ingress: [{ from: [{}] }] })],
    [
      'an exception outside',
      netpol({ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }] }),
    ],
    [
      'an exception of everything',
      netpol({ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }] }] }),
    ],
    ['a range without its begin', netpol({ podSelector: {}, ingress: [{ ports: [{ endPort: 80 }] }] })],
    ['a port name without a letter', netpol({ podSelector: {}, ingress: [{ ports: [{ port: '80' }] }] })],
  ])('%s', async (_, object) => {
    const kind = kindFor(object as KubeObject);
    const { status } = await call('POST', `${pathOf(kind, kind.namespaced ? 'shop' : undefined)}?fieldValidation=Strict`, object);
    expect([400, 422]).toContain(status);
    expect(() => decodeObject(object, { unknownFields: 'refuse' })).toThrow('read object: ');
  });

  it('the mask of a pool cannot be changed', async () => {
    const path = `${pathOf(ciliumKinds.find(({ kind }) => kind === 'CiliumPodIPPool') ?? expect.fail('no kind'))}/vac`;
    const { body } = await call('GET', path);
    const changed = JSON.parse(JSON.stringify(body).replace('"maskSize":29', '"maskSize":28'));
    expect(await call('PUT', path, changed)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('cannot be changed') },
    });
  });
});

describe('what the server fills in', () => {
  it.each([
    ['networking.k8s.io/v1', 'NetworkPolicy', { egress: [{ ports: [{ port: 53 }] }] }],
    ['v1', 'Service', { ports: [{ port: 80 }] }],
    ['cilium.io/v2', 'CiliumNetworkPolicy', { endpointSelector: {}, ingress: [{ icmps: [{ fields: [{ type: 8 }] }] }] }],
    ['cilium.io/v2alpha1', 'CiliumPodIPPool', { ipv4: { cidrs: ['10.9.0.0/16'], maskSize: 24 } }],
    ['cilium.io/v2', 'CiliumLoadBalancerIPPool', { blocks: [{ cidr: '10.9.0.0/24' }] }],
  ])('in a %s %s is what we fill in', async (apiVersion, name, spec) => {
    const object = { apiVersion, kind: name, metadata: { name: 'filled' }, spec };
    const kind = kindFor(object);
    const body = await created(pathOf(kind, kind.namespaced ? 'shop' : undefined), object);
    const ours: unknown = Reflect.get(decodeObject(object, { unknownFields: 'refuse' }), 'spec');
    expect(isTree(ours)).toBe(true);
    expect(body['spec']).toMatchObject(ours as object);
  });
});
