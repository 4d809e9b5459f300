import type { EndpointPlan } from '../../conf/api/types.ts';
import type { Paths } from '../../conf/paths.ts';
import { step } from '../../conf/step.ts';
import { interfaceAt, listBaseChains, type Rtnetlink } from '../../native/index.ts';
import { messageOf } from '../failure.ts';
import type { Logger } from '../log.ts';
import type { Settings } from '../settings.ts';
import { DeviceFollower } from './device-follower.ts';
import { firewallWarnings } from './firewall.ts';
import type { Hooks } from './hooks.ts';
import {
  ensureHostDevice,
  type HostDevice,
  type HostDeviceSpec,
  hostDeviceProblems,
  ownAddresses,
  routerProblems,
  syncRouters,
} from './host-device.ts';
import { hostSysctls, setSysctls, sysctlProblems } from './host-sysctls.ts';
import type { Attachments } from './links.ts';
import type { EndpointMaps } from './maps.ts';
import { type NodeItemName, nodeItemNames } from './node-items.ts';
import { NodeRoutes } from './node-routes.ts';
import { NodeWatch } from './node-watch.ts';
import type { ProgramSet } from './programs.ts';
import { type Item, Reconciler } from './reconciler.ts';

/** So long, in milliseconds, a pass over everything answers the next CHECK as well: a runtime that asks for many pods at once causes one. */
const FRESH_MS = 1000;

export interface NodeStateParts {
  readonly rtnl: Rtnetlink;
  readonly paths: Paths;
  readonly settings: Settings;
  readonly routers: EndpointPlan['routers'];
  /** The node's CIDRs, asked again at every pass. */
  readonly cidrs: () => readonly string[];
  readonly mtu: number;
  readonly device: HostDevice;
  readonly programs: ProgramSet;
  readonly attachments: Attachments;
  readonly hooks: Hooks;
  readonly maps: EndpointMaps;
  readonly log: Logger;
  /** A pod's device was renamed, or went down. */
  readonly onPodLink: (ifindex: number) => void;
}

/**
 * The one place that makes the node as the daemon wants it. Each part of the node's state is an item of one table; a pass over some of them begins
 * with a notification of the kernel, with a timer, or with a question about the node's health, and restores what differs.
 */
export class NodeState {
  readonly routes: NodeRoutes;
  readonly #parts: NodeStateParts;
  readonly #reconciler: Reconciler;
  readonly #follower: DeviceFollower;
  readonly #table: Readonly<Record<NodeItemName, Item>>;
  readonly #watch: NodeWatch;
  readonly #due = new Set<NodeItemName>();
  #running: Promise<void> = Promise.resolve();
  /** The pass that has been asked for and has not begun. */
  #next: Promise<void> | undefined;
  #firewall: readonly string[] = [];
  /** When the last pass over all of it ended, by `performance.now()`. */
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: NodeStateParts) {
    const { rtnl, device, routers, log, paths } = parts;
    this.#parts = parts;
    this.routes = new NodeRoutes(rtnl, { ifindex: device.host.ifindex, routers });
    this.#reconciler = new Reconciler(log);
    this.#follower = new DeviceFollower({ ...parts, links: paths.links, forget: (item) => this.#reconciler.forget(item) });
    this.#table = this.#items();
    this.#watch = new NodeWatch({
      log,
      host: device,
      wantsRoute: (destination) => this.routes.wants(destination),
      reconcile: (names) => this.reconcile(names),
      onPodLink: parts.onPodLink,
    });
  }

  /** What keeps an ADD from working, one sentence each. */
  get problems(): readonly string[] {
    return [...this.#watch.problems, ...this.#reconciler.problems];
  }

  /** What does not keep an ADD from working. */
  get warnings(): readonly string[] {
    return [...this.#follower.warnings, ...this.#firewall];
  }

  /** Names of the native devices. */
  get devices(): readonly string[] {
    return this.#follower.names;
  }

  /** The first pass, after which the node is followed. Subscribes before it, so that no change is missed. Throws what the first pass cannot do. */
  async start(): Promise<void> {
    const { rtnl, device, routers, cidrs } = this.#parts;
    await step('start.addresses', () => syncRouters(rtnl, device.host.ifindex, routers));
    await step('start.routes', () => this.routes.restore(cidrs()));
    await step('start.watch', async () => {
      await this.#watch.start();
      await this.#follower.follow();
      await this.#follower.attach();
      await this.reconcile(nodeItemNames);
    });
  }

  /**
   * A pass over these parts of the node's state that begins after this call; who asks before it has begun shares it, so that many CHECKs at once cost
   * two passes. Never throws: what cannot be done is in `problems`, and is tried again.
   */
  reconcile(names: readonly NodeItemName[]): Promise<void> {
    for (const name of names) this.#due.add(name);
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      this.#running = this.#pass();
      return this.#running;
    });
    return this.#next;
  }

  async #pass(): Promise<void> {
    const names = nodeItemNames.filter((name) => this.#due.has(name));
    this.#due.clear();
    if (names.length === nodeItemNames.length) void this.#readFirewall();
    await this.#reconciler.reconcile(names.map((name) => this.#table[name]));
    const devices = names.includes('host-programs') || names.includes('native-devices');
    if (devices) await this.#reconciler.reconcile(this.#follower.items());
    if (names.length === nodeItemNames.length) this.#lookedAt = performance.now();
  }

  /** A pass over all of it, unless one has just ended; gives what is left wrong, which is what `problems` says from then on. */
  async inspect(): Promise<readonly string[]> {
    if (performance.now() - this.#lookedAt > FRESH_MS) await this.reconcile(nodeItemNames);
    return this.problems;
  }

  /** Nothing of it is the daemon's, so that it is said and not changed. */
  async #readFirewall(): Promise<void> {
    try {
      this.#firewall = firewallWarnings(await listBaseChains());
    } catch (error) {
      this.#parts.log.debug({ error: messageOf(error) }, 'reading the firewall failed');
    }
  }

  close(): void {
    this.#watch.close();
    this.#reconciler.close();
  }

  #items(): Readonly<Record<NodeItemName, Item>> {
    const { rtnl, device, programs, attachments, hooks, routers, mtu, cidrs } = this.#parts;
    const { ifindex } = device.host;
    const spec: HostDeviceSpec = { mtu, hasIpv6: routers.ipv6 !== undefined };
    const sysctls = hostSysctls(spec.hasIpv6);
    const leg = hooks.leg(ifindex);
    // Without the device nothing of these can be restored; the item before them says that it is gone.
    const whilePresent = (inspect: () => Promise<string[]>) => async () => (interfaceAt(ifindex) === undefined ? [] : await inspect());
    return {
      pins: { name: 'pins', inspect: () => programs.pinProblems(), restore: () => programs.restorePins() },
      'host-device': {
        name: 'device axo_host',
        inspect: () => hostDeviceProblems(rtnl, spec, device),
        restore: async () => {
          await ensureHostDevice(rtnl, spec, device);
        },
      },
      'host-sysctls': { name: 'sysctls of axo_host', inspect: () => sysctlProblems(sysctls), restore: () => setSysctls(sysctls) },
      'router-addresses': {
        name: 'addresses of axo_host',
        inspect: whilePresent(() => routerProblems(rtnl, ifindex, routers)),
        restore: () => syncRouters(rtnl, ifindex, routers),
      },
      routes: {
        name: 'routes to axo_host',
        inspect: whilePresent(() => this.routes.inspect()),
        restore: () => this.routes.restore(cidrs()),
      },
      'host-programs': {
        name: 'programs of axo_host',
        inspect: whilePresent(() => attachments.problems(leg)),
        restore: async () => {
          await attachments.ensureAll(leg);
        },
      },
      // These follow the node's own configuration, which changes rightly: bringing them up to date is no repair, and is not delayed as one.
      'native-devices': following('native devices', async () => {
        if (await this.#follower.follow()) await this.#follower.attach();
      }),
      'node-rows': following("rows of the node's addresses", () => this.syncRows()),
    };
  }

  /** Writes the rows of the node's own addresses. */
  async syncRows(): Promise<void> {
    const { rtnl, maps, device } = this.#parts;
    maps.syncNode(ownAddresses(await rtnl.addresses.list()), device.host.ifindex);
  }
}

/** An item that is brought up to date whenever it is looked at, and that never differs after that. */
function following(name: string, sync: () => Promise<void>): Item {
  return {
    name,
    inspect: async () => {
      await sync();
      return [];
    },
    restore: sync,
  };
}
