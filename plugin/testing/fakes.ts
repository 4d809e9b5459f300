import type { Endpoint, EndpointPlan } from '../../conf/api/types.ts';
import { parseEnvironment } from '../../conf/cni/env.ts';
import { parseNetConf } from '../../conf/cni/netconf.ts';
import { hostIfname } from '../../conf/names.ts';
import type { Agent } from '../agent.ts';
import type { Host, Observation, PluginCall, Tools } from '../types.ts';

/** For tests: an endpoint with both families. */
export const endpoint: Endpoint = {
  containerId: 'c1',
  ifname: 'eth0',
  id: 7,
  state: 'creating',
  netns: '/run/netns/a',
  pod: { namespace: '', name: '', uid: '' },
  identity: 5,
  labels: [],
  ipv4: { address: '10.0.0.5', pool: 'default' },
  ipv6: { address: 'fd00::5', pool: 'default' },
  hostIfname: hostIfname({ containerId: 'c1', ifname: 'eth0' }),
  hostIfindex: 0,
  hostMac: '02:00:00:00:00:01',
  mac: '02:00:00:00:00:02',
  mtu: 1500,
  createdAt: '2026-01-01T00:00:00.000Z',
};

/** For tests: the daemon's answer to that endpoint's ADD. */
export const plan: EndpointPlan = {
  endpoint,
  routers: { ipv4: '10.0.0.1', ipv6: 'fd00::1' },
  attach: { kind: 'tcx', fromContainer: '/p/axo_from_container', toContainer: '/p/axo_to_container', links: '/l/lxc' },
};

/** For tests: the kernel's view of that endpoint, whole. */
export const whole: Observation = {
  container: { ifindex: 2, up: true, mac: endpoint.mac, mtu: 1500, addresses: ['10.0.0.5/32', 'fd00::5/128', 'fe80::1/64'] },
  host: { ifindex: 9, up: true, mac: endpoint.hostMac, mtu: 1500, addresses: [] },
  routes: [
    { dst: '10.0.0.1/32', table: 254 },
    { dst: '0.0.0.0/0', gw: '10.0.0.1', table: 254 },
    { dst: 'fd00::1/128', table: 254 },
    { dst: '::/0', gw: 'fd00::1', table: 254 },
    { dst: 'fe80::/64', table: 254 },
  ],
  ruleTables: [],
  ingress: { link: { kind: 'tcx', ifindex: 9, programId: 40 }, expectedProgramId: 40 },
  egress: { link: { kind: 'tcx', ifindex: 9, programId: 41 }, expectedProgramId: 41 },
};

/** For tests: an error of one of the families that are told by `code`. */
export function coded(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

/** Tools that write down what is done to them, in order, and fail where told to. */
export class FakeTools implements Tools {
  readonly done: string[] = [];
  readonly agent: Agent;
  readonly host: Host;
  readonly queue: Tools['queue'];
  readonly delegates: Tools['delegates'];
  /** Step → what it throws, instead of its answer. */
  readonly failures = new Map<string, Error>();
  /** Step → its answer. */
  readonly answers = new Map<string, unknown>();

  constructor() {
    const step =
      <T>(name: string, answer?: T) =>
      async (): Promise<T> =>
        this.#do(name, answer as T);
    this.agent = {
      isLost: false,
      health: step('health', { state: 'ok', problems: [], version: '1' }),
      createEndpoint: step('createEndpoint', plan),
      connectEndpoint: step('connectEndpoint'),
      completeEndpoint: step('completeEndpoint'),
      disconnectEndpoint: step<Endpoint | undefined>('disconnectEndpoint', { ...endpoint, state: 'disconnected' }),
      deleteEndpoint: step('deleteEndpoint'),
      listEndpoints: step<readonly Endpoint[]>('listEndpoints', []),
      checkEndpoint: step('checkEndpoint', { endpoint, problems: [] }),
    };
    this.host = {
      openPod: async (path) => this.#do('openPod', { path, identity: '4:7', [Symbol.dispose]: () => void this.done.push('closePod') }),
      createDevice: step('createDevice', { hostIfindex: 9, ifindex: 2 }),
      findPair: step('findPair', { hostIfindex: 9, hostIfname: 'veth9', hostMac: endpoint.hostMac, mac: endpoint.mac, mtu: 1400 }),
      deleteDevice: step('deleteDevice', true),
      defaultRoutes: async () => this.#answer('defaultRoutes', new Set<4 | 6>()),
      configurePod: step('configurePod'),
      removeRules: step('removeRules'),
      attachPrograms: step('attachPrograms'),
      removeLinks: step('removeLinks'),
      observe: step('observe', whole),
    };
    this.delegates = { run: async (type, command) => this.#do(`${type} ${command}`, undefined) };
    this.queue = {
      put: () => this.#do('queue.put', undefined),
      remove: () => this.#do('queue.remove', undefined),
      list: () => this.#do('queue.list', []),
    };
  }

  #answer<T>(name: string, answer: T): T {
    return this.answers.has(name) ? (this.answers.get(name) as T) : answer;
  }

  #do<T>(name: string, answer: T): T {
    this.done.push(name);
    const failure = this.failures.get(name);
    if (failure) throw failure;
    return this.#answer(name, answer);
  }
}

/** A call as `runPlugin` would hand it over. */
export function callOf(command: string, conf: object = {}, env: Record<string, string> = {}): PluginCall {
  const all = { CNI_COMMAND: command, CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/a', CNI_IFNAME: 'eth0', CNI_PATH: '/x', ...env };
  const invocation = parseEnvironment(all);
  return {
    stdin: conf,
    invocation,
    conf: parseNetConf({ cniVersion: '1.1.0', name: 'pods', type: 'axoneme-cni', ...conf }, invocation.command),
    env: all,
  };
}
