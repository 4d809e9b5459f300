import type { AttachKind, CheckReport, Endpoint, EndpointAddress, EndpointPlan, Health } from '../conf/api/types.ts';
import { Reader } from '../conf/cni/reader.ts';

/*
 * The daemon's answers are checked as far as the plugin uses them: a daemon of another version, or something else behind the socket,
 * must end in a clear error and never in a device half made. Each function throws CniError with the path of the value that is wrong.
 */

/** Answer of `GET /v1/healthz`. */
export function readHealth(value: unknown): Health {
  const health = new Reader(value, 'health');
  const state = health.required('state', 'string');
  if (state !== 'ok' && state !== 'degraded' && state !== 'starting')
    throw health.fail('state', state, 'is none of ok, degraded, starting');
  return {
    state,
    problems: health.strings('problems'),
    addressProblems: health.strings('addressProblems'),
    version: health.required('version', 'string'),
  };
}

/** Answer of `POST /v1/endpoints`. */
export function readPlan(value: unknown): EndpointPlan {
  const plan = new Reader(value, 'plan');
  const [routers, attach] = [plan.child('routers'), plan.child('attach')];
  const endpoint = readEndpoint(plan.required('endpoint', 'object'));
  return {
    endpoint,
    routers: { ...readRouter(routers, 'ipv4', endpoint), ...readRouter(routers, 'ipv6', endpoint) },
    attach: {
      kind: readKind(attach),
      fromContainer: attach.required('fromContainer', 'string'),
      toContainer: attach.required('toContainer', 'string'),
      links: attach.required('links', 'string'),
    },
  };
}

const attachKinds: readonly AttachKind[] = ['tcx', 'clsact', 'netkit'];

/** Absent in the answers of a daemon of before there were several. */
function readKind(attach: Reader): AttachKind {
  const kind = attach.optional('kind', 'string') ?? 'tcx';
  const known = attachKinds.find((one) => one === kind);
  if (known === undefined) throw attach.fail('kind', kind, 'is none of tcx, clsact, netkit');
  return known;
}

/** A family that the endpoint has an address of must have one; other families may. */
function readRouter(routers: Reader, key: 'ipv4' | 'ipv6', endpoint: Endpoint): EndpointPlan['routers'] {
  const router = endpoint[key] ? routers.required(key, 'string') : routers.optional(key, 'string');
  return router === undefined ? {} : { [key]: router };
}

/** Answer of `GET /v1/endpoints`. */
export function readEndpoints(value: unknown): Endpoint[] {
  return new Reader({ list: value }, 'endpoints').list('list').map((one) => readEndpoint(one.value));
}

/** An endpoint, as several answers carry it. */
export function readEndpoint(value: unknown): Endpoint {
  const endpoint = new Reader(value, 'endpoint');
  for (const key of ['containerId', 'ifname', 'state', 'netns', 'hostIfname', 'hostMac', 'mac'] as const) endpoint.required(key, 'string');
  for (const key of ['id', 'hostIfindex', 'mtu'] as const) endpoint.required(key, 'number');
  for (const key of ['ipv4', 'ipv6'] as const) readAddress(endpoint, key);
  return endpoint.value as unknown as Endpoint;
}

function readAddress(endpoint: Reader, key: 'ipv4' | 'ipv6'): EndpointAddress | undefined {
  if (!endpoint.optional(key, 'object')) return undefined;
  const address = endpoint.child(key);
  return { address: address.required('address', 'string'), pool: address.required('pool', 'string') };
}

/** Answer of `POST /v1/endpoints/check`. */
export function readCheckReport(value: unknown): CheckReport {
  const report = new Reader(value, 'report');
  return { endpoint: readEndpoint(report.required('endpoint', 'object')), problems: report.strings('problems') };
}
