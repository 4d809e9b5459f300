import type { EndpointPlan } from '../../conf/api/types.ts';
import { HOST_IFNAME } from '../../conf/names.ts';
import type { Route, Rtnetlink } from '../../native/index.ts';
import { KeyedLock } from '../endpoint/locks.ts';
import { hasErrno } from '../failure.ts';

/** What the routes lead to. */
export interface RouteTarget {
  /** Index of `axo_host`. */
  readonly ifindex: number;
  /** Source addresses of the node's own packets to pods. */
  readonly routers: EndpointPlan['routers'];
}

/**
 * The routes to `axo_host`: one for each of the node's CIDRs, and one for each pod address that an IPAM plugin gave, which lies in none of them.
 * A change costs the kernel one request for each prefix that comes or goes, however many routes there are.
 */
export class NodeRoutes {
  readonly #rtnl: Pick<Rtnetlink, 'routes'>;
  readonly #target: RouteTarget;
  readonly #lock = new KeyedLock();
  #cidrs: ReadonlySet<string> = new Set();
  /** Prefixes of endpoints, by id, that no CIDR covers. */
  readonly #delegated = new Map<number, readonly string[]>();
  readonly #wanted = new Set<string>();
  /** What the kernel has as far as this object knows. */
  readonly #installed = new Set<string>();

  constructor(rtnl: Pick<Rtnetlink, 'routes'>, target: RouteTarget) {
    this.#rtnl = rtnl;
    this.#target = target;
  }

  /** Whether a route to this prefix belongs to `axo_host`. */
  wants(destination: string): boolean {
    return this.#wanted.has(destination);
  }

  /** Whether an endpoint has routes of its own. */
  has(id: number): boolean {
    return this.#delegated.has(id);
  }

  /** Wants the prefixes of an endpoint of before; `restore` brings them to the kernel. */
  adopt(id: number, prefixes: readonly string[]): void {
    if (prefixes.length > 0) this.#delegated.set(id, prefixes);
    for (const prefix of prefixes) this.#wanted.add(prefix);
  }

  /** Brings the routes of an endpoint's own prefixes to the kernel, and what has changed of the node's CIDRs. */
  async connect(cidrs: readonly string[], id: number, prefixes: readonly string[]): Promise<void> {
    await this.#lock.run('routes', async () => {
      this.adopt(id, prefixes);
      await this.#settle([...this.#take(cidrs), ...prefixes]);
    });
  }

  /** Takes them away. */
  async disconnect(cidrs: readonly string[], id: number): Promise<void> {
    await this.#lock.run('routes', async () => {
      const prefixes = this.#delegated.get(id) ?? [];
      this.#delegated.delete(id);
      for (const prefix of prefixes) if (!this.#cidrs.has(prefix)) this.#wanted.delete(prefix);
      await this.#settle([...this.#take(cidrs), ...prefixes]);
    });
  }

  /** What the kernel has otherwise, one sentence each. Not between what is wanted and what is done about it. */
  async inspect(): Promise<string[]> {
    return await this.#lock.run('routes', async () => {
      const routes = await this.#list();
      const present = new Set(routes.filter((route) => this.#isRight(route)).map(({ destination }) => destination));
      const missing = [...this.#wanted].filter((prefix) => !present.has(prefix));
      const stale = routes.filter((route) => this.#isStale(route));
      return [
        ...missing.map((prefix) => `route ${prefix} to ${HOST_IFNAME} is gone`),
        ...stale.map(({ destination }) => `route ${destination} to ${HOST_IFNAME} leads to no pod`),
      ];
    });
  }

  /** Makes the kernel have these routes to `axo_host` and no other of ours, whatever it had. */
  async restore(cidrs: readonly string[]): Promise<void> {
    await this.#lock.run('routes', async () => {
      this.#take(cidrs);
      const present = await this.#list();
      this.#installed.clear();
      for (const route of present) if (this.#isRight(route)) this.#installed.add(route.destination);
      for (const route of present) if (this.#isStale(route)) await this.#delete(route.destination);
      await this.#settle([...this.#wanted]);
    });
  }

  /** The node's CIDRs as they are now; gives all that were or are. */
  #take(cidrs: readonly string[]): string[] {
    const gone = [...this.#cidrs].filter((cidr) => !cidrs.includes(cidr));
    for (const cidr of gone) this.#wanted.delete(cidr);
    for (const cidr of cidrs) this.#wanted.add(cidr);
    this.#cidrs = new Set(cidrs);
    return [...gone, ...cidrs];
  }

  async #settle(prefixes: readonly string[]): Promise<void> {
    for (const destination of prefixes) {
      const isWanted = this.#wanted.has(destination);
      if (isWanted === this.#installed.has(destination)) continue;
      if (isWanted) await this.#replace(destination);
      else await this.#delete(destination);
    }
  }

  async #replace(destination: string): Promise<void> {
    const { ifindex } = this.#target;
    const source = this.#sourceOf(destination);
    await this.#rtnl.routes.replace({ destination, ifindex, protocol: 'static', ...(source !== undefined && { source }) });
    this.#installed.add(destination);
  }

  async #delete(destination: string): Promise<void> {
    await this.#rtnl.routes.delete({ destination, ifindex: this.#target.ifindex }).catch((error: unknown) => {
      if (!hasErrno(error, 'ESRCH')) throw error;
    });
    this.#installed.delete(destination);
  }

  async #list(): Promise<Route[]> {
    const { ifindex } = this.#target;
    return (await this.#rtnl.routes.list({ ifindex })).filter(({ table }) => table === RT_TABLE_MAIN);
  }

  /** Of the protocol that ours have, and wanted no more. */
  #isStale({ destination, protocol }: Route): boolean {
    return protocol === 'static' && !this.#wanted.has(destination);
  }

  #isRight({ destination, type, source }: Route): boolean {
    return type === 'unicast' && source === this.#sourceOf(destination);
  }

  #sourceOf(destination: string): string | undefined {
    return destination.includes(':') ? this.#target.routers.ipv6 : this.#target.routers.ipv4;
  }
}

/** RT_TABLE_MAIN (linux/rtnetlink.h). */
const RT_TABLE_MAIN = 254;
