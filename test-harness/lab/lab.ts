import { HarnessError } from '../errors.ts';
import { initProgram } from '../init/program.ts';
import { bareAddress, familyOf, parsePrefix } from './address.ts';
import { cgroup2Root, makeCgroup } from './cgroup.ts';
import { nextLabName } from './identity.ts';
import type { Link, LinkOptions } from './link.ts';
import { Machine, type MachineOptions, type Role } from './machine.ts';
import { firstOfEach, type HostEntry, hostsFile } from './names.ts';
import { Node } from './node.ts';
import { type AddressPlan, DEFAULT_LINK_POOLS, type PodNetwork, podNetworksAt, subnetsAt } from './plan.ts';
import { nextInterface, plugIn, settle } from './plug.ts';
import { mustBeAbleToBuild } from './preflight.ts';
import { type Reaper, startReaper } from './reaper.ts';
import { defaultRoutes, routesTowards, type StaticRoute, setRoutes } from './routes.ts';

/** A whole lab in one expression; every key is a machine's name. */
export interface LabPlan {
  readonly nodes?: Readonly<Record<string, MachineOptions>>;
  readonly routers?: Readonly<Record<string, MachineOptions>>;
  readonly hosts?: Readonly<Record<string, MachineOptions>>;
  /** cables, in the order in which they are numbered */
  readonly links?: readonly LinkPlanEntry[];
  /** what links and pod networks are numbered from */
  readonly addresses?: AddressPlan;
}

export interface LinkPlanEntry extends LinkOptions {
  readonly between: readonly [string, string];
}

/**
 * Machines in network namespaces of one real machine, cabled by veth pairs, none of which touches the real machine's own network.
 *
 * ```ts
 * await using lab = await Lab.create({ nodes: { node1: {} }, hosts: { outside: {} }, links: [{ between: ['node1', 'outside'] }] });
 * const pod = await lab.node('node1').addPod('web');
 * ```
 * Closing it (or the death of its process, in any way) ends every process and namespace in it.
 */
export class Lab implements AsyncDisposable {
  /** unique on the real machine */
  readonly name: string;
  readonly #cgroup: string;
  readonly #reaper: Reaper;
  readonly #machines = new Map<string, Machine>();
  /** all that were ever asked for, in that order: what numbers and files go by, since machines boot in parallel */
  readonly #asked: { readonly name: string; readonly role: Role }[] = [];
  readonly #booting = new Set<string>();
  readonly #links: Link[] = [];
  readonly #addresses: AddressPlan;
  #closed = false;

  private constructor(name: string, cgroup: string, reaper: Reaper, addresses: AddressPlan) {
    this.name = name;
    this.#addresses = addresses;
    this.#cgroup = cgroup;
    this.#reaper = reaper;
  }

  /** Builds a lab. Machines boot in parallel; each costs some 9 ms of processor time. Throws NOT_ROOT, NO_NAMESPACES, NO_PROGRAM, NO_CGROUP2, KEEPER_FAILED. */
  static async create(plan: LabPlan = {}): Promise<Lab> {
    mustBeAbleToBuild();
    // before there is anything to clean up
    initProgram();
    const name = nextLabName();
    const cgroup = makeCgroup(`${cgroup2Root()}/${name}`);
    const lab = new Lab(name, cgroup, startReaper(cgroup), plan.addresses ?? {});
    try {
      await lab.#build(plan);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  async #build(plan: LabPlan): Promise<void> {
    const boots = [
      ...Object.entries(plan.nodes ?? {}).map(([name, options]) => this.addNode(name, options)),
      ...Object.entries(plan.routers ?? {}).map(([name, options]) => this.addRouter(name, options)),
      ...Object.entries(plan.hosts ?? {}).map(([name, options]) => this.addHost(name, options)),
    ];
    const failed = (await Promise.allSettled(boots)).find((boot) => boot.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    for (const { between, ...options } of plan.links ?? []) await this.#lay(this.machine(between[0]), this.machine(between[1]), options);
    await Promise.all(this.#links.map((link) => settle(link)));
    await this.#writeHosts();
    await this.route();
  }

  get machines(): ReadonlyMap<string, Machine> {
    return this.#machines;
  }

  get links(): readonly Link[] {
    return this.#links;
  }

  /** The machine of that name; throws NO_SUCH_MACHINE. */
  machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined)
      throw new HarnessError('NO_SUCH_MACHINE', `find machine ${name}: the lab has ${[...this.#machines.keys()].join(', ') || 'none'}`);
    return machine;
  }

  /** The node of that name; throws NO_SUCH_MACHINE, also for a machine that is no node. */
  node(name: string): Node {
    const machine = this.machine(name);
    if (!(machine instanceof Node)) throw new HarnessError('NO_SUCH_MACHINE', `find node ${name}: it is a ${machine.role}`);
    return machine;
  }

  /** Boots a machine that carries pods. */
  addNode(name: string, options?: MachineOptions): Promise<Node> {
    return this.#add(name, 'node', (cgroup) => Node.boot(name, 'node', cgroup, options));
  }

  /** Boots a machine that forwards both families. */
  addRouter(name: string, options?: MachineOptions): Promise<Machine> {
    return this.#add(name, 'router', (cgroup) => Machine.boot(name, 'router', cgroup, options));
  }

  /** Boots a machine that is only an end: the outside world, a client, a server. */
  addHost(name: string, options?: MachineOptions): Promise<Machine> {
    return this.#add(name, 'host', (cgroup) => Machine.boot(name, 'host', cgroup, options));
  }

  async #add<M extends Machine>(name: string, role: Role, boot: (cgroup: string) => Promise<M>): Promise<M> {
    if (this.#closed) throw new HarnessError('LAB_CLOSED', `add ${role} ${name}: the lab is closed`);
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
      throw new HarnessError('BAD_NAME', `add ${role} ${name}: not a host name (RFC 1123, lower case)`);
    if (this.#machines.has(name) || this.#booting.has(name))
      throw new HarnessError('NAME_TAKEN', `add ${role} ${name}: there is one of that name`);
    this.#booting.add(name);
    this.#asked.push({ name, role });
    try {
      const machine = await boot(this.#cgroup);
      this.#machines.set(name, machine);
      return machine;
    } finally {
      this.#booting.delete(name);
    }
  }

  /** Lays a cable between two machines, numbers both ends, brings them up and waits until they are. Routes are set by {@link route}. */
  async connect(left: Machine, right: Machine, options: LinkOptions = {}): Promise<Link> {
    const link = await this.#lay(left, right, options);
    await settle(link);
    await this.#writeHosts();
    return link;
  }

  async #lay(left: Machine, right: Machine, options: LinkOptions): Promise<Link> {
    const names = options.names ?? ([nextInterface(left, this.#links), nextInterface(right, this.#links)] as const);
    const { subnets: asked, mtu = 1500, names: _, relay, ...shape } = options;
    const subnets = asked ?? subnetsAt(this.#addresses.links ?? DEFAULT_LINK_POOLS, this.#links.length);
    const link = await plugIn({ machines: [left, right], names, subnets, mtu, relay, shape });
    this.#links.push(link);
    return link;
  }

  /** The pod networks of a node by the lab's address plan, one per family; none without such a plan. Throws NO_SUCH_MACHINE. */
  podNetworks(node: string): PodNetwork[] {
    const nodes = this.#asked.filter(({ role }) => role === 'node').map(({ name }) => name);
    return podNetworksAt(this.#addresses.pods ?? [], nodes.indexOf(this.node(node).name));
  }

  /**
   * Gives every machine a route to every link's prefixes and, by the address plan, to every node's pod networks, and a default route to each host
   * or node that has exactly one cable.
   */
  async route(): Promise<void> {
    const ends = (link: Link) => link.ends.map((end) => end.machine);
    const known = this.#links.flatMap((link) => link.subnets.flatMap((subnet) => routesTowards(ends(link), subnet, this.#links)));
    const defaults = [...this.#machines.values()].flatMap((machine) => defaultRoutes(machine, this.#links));
    const pods = [...this.#machines.values()].filter((machine) => machine instanceof Node).flatMap((node) => this.#podRoutes(node));
    await setRoutes([...known, ...defaults, ...pods]);
  }

  #podRoutes(node: Node): StaticRoute[] {
    return this.podNetworks(node.name).flatMap(({ subnet }) => routesTowards([node], parsePrefix(subnet), this.#links));
  }

  /** Every machine finds every other by name, at the address of its first cable. */
  async #writeHosts(): Promise<void> {
    const machines = this.#asked.flatMap(({ name }) => this.#machines.get(name) ?? []);
    const entries = machines.map((machine) => this.#hostEntry(machine));
    await Promise.all(machines.map((machine) => machine.replaceFile('/etc/hosts', hostsFile(machine.name, entries))));
  }

  #hostEntry(machine: Machine): HostEntry {
    const ends = this.#links.flatMap((link) => link.ends.filter((end) => end.machine === machine));
    const rows = ends.flatMap((end) => end.addresses.map((address) => ({ family: familyOf(address), address: bareAddress(address) })));
    return { name: machine.name, addresses: firstOfEach(rows) };
  }

  /** Tells all other machines that a prefix (a pod network, say) is to be reached through this one. */
  async announce(through: Machine, prefixes: readonly string[]): Promise<void> {
    await setRoutes(prefixes.flatMap((prefix) => routesTowards([through], parsePrefix(prefix), this.#links)));
  }

  /** Ends everything in the lab and removes its cgroups. Safe to call twice. Throws NOT_CLEAN, naming what it could not remove. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const link of this.#links) link.close();
    await Promise.all([...this.#machines.values()].map((machine) => machine[Symbol.asyncDispose]()));
    const left = await this.#reaper.reap();
    if (left.length > 0) throw new HarnessError('NOT_CLEAN', `close lab ${this.name}: left behind: ${left.join(', ')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
