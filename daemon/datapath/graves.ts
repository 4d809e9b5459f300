import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint } from '../../conf/api/types.ts';
import {
  ALIAS_PREFIX,
  attachmentOfAlias,
  BURIAL_GROUP,
  buriedIfname,
  deviceAlias,
  hostIfname,
  isBuriedIfname,
  isHostIfname,
  isPodLinkKind,
} from '../../conf/names.ts';
import { step } from '../../conf/step.ts';
import { type Link, type Netns, type Request, type Rtnetlink, setLink } from '../../native/index.ts';
import { namesIn } from '../../plugin/attach/index.ts';
import type { Burial, Door } from '../endpoint/ports.ts';
import { hasErrno, messageOf } from '../failure.ts';
import { removeFolder } from '../files.ts';
import type { Logger } from '../log.ts';
import { type Banishment, banishPeer, deletePairFromPod } from './banish.ts';
import { ignoreGone, renameLink } from './link-changes.ts';
import { isDeviceOf } from './pod-device.ts';

export interface GravesParts {
  readonly rtnl: Rtnetlink;
  /** The folder that holds a folder per device: its pinned links or marks. */
  readonly links: string;
  /** Takes our programs off whatever is left of a folder's device, and removes the folder. */
  readonly detach: (folder: string) => Promise<void>;
  readonly log: Logger;
}

/**
 * The end of pods' devices.
 *
 * Deleting a pair waits for grace periods under RTNL and for an RCU barrier after it, 20 to 50 ms, and as much for twenty pairs at once. So a
 * DEL only buries: both sides go down and get a name that nobody looks for, the host side gets into {@link BURIAL_GROUP}, its pinned links
 * move along. All of that is done in a millisecond. `reap` deletes whatever has been buried since by one RTM_DELLINK of the group.
 */
export class Graves {
  readonly #rtnl: Rtnetlink;
  readonly #links: string;
  readonly #detach: GravesParts['detach'];
  readonly #log: Logger;

  constructor({ rtnl, links, detach, log }: GravesParts) {
    this.#rtnl = rtnl;
    this.#links = links;
    this.#detach = detach;
    this.#log = log;
  }

  /**
   * Takes an endpoint's device away from the pod and from its name; `doors` may lead to the pod's namespace. The pod's side goes
   * first: whoever finds the host side under its old name after a crash deletes both. A pair whose other side cannot be reached is deleted on the
   * spot, since its name must be free when this returns. May be called again after it failed half-way.
   */
  async bury(endpoint: Endpoint, doors: readonly Door[]): Promise<Burial> {
    const passed = doors.find((door) => typeof door !== 'string');
    const { device, netnsId } = endpoint.chained === true ? {} : await this.#find(endpoint, passed?.netns);
    const isBuried = device !== undefined && (await this.#hide(device, endpoint, { doors, passedId: netnsId }));
    if (device !== undefined && !isBuried) await step('bury.device', () => this.#deleteOne(device));
    // Somebody moved it to another namespace, or it is gone. From the pod's side both end.
    if (device === undefined && endpoint.chained !== true) await step('bury.peer', () => deletePairFromPod(doors, endpoint));
    const hasPins = await step('bury.pins', () => this.#movePins(endpoint, isBuried));
    return { hostIfname: isBuried ? buriedIfname(endpoint.id) : endpoint.hostIfname, isOver: !isBuried && !hasPins };
  }

  /** Deletes the devices of buried endpoints and their pinned links. Gives, by id, what the kernel refused; a device that is gone already is fine. */
  async reap(endpoints: readonly Endpoint[]): Promise<ReadonlyMap<number, unknown>> {
    const failures = new Map<number, unknown>();
    const names = endpoints.map(({ id }) => buriedIfname(id));
    const [single] = names;
    const isSingle = single !== undefined && names.length === 1;
    const left = await step('reap.group', () => (isSingle ? this.#deleteSingle(single) : this.#deleteMany(names)));
    for (const { id } of endpoints) {
      try {
        const error = left.get(buriedIfname(id));
        if (error !== undefined) throw error;
        step('reap.pins', () => removeFolder(join(this.#links, buriedIfname(id))));
      } catch (error) {
        failures.set(id, error);
      }
    }
    return failures;
  }

  /** Names of pods' devices and link folders on this node: ours by the form of the name, or by the alias, whatever others have called them. */
  async names(): Promise<string[]> {
    const isOurs = ({ name, alias }: Link) => isHostIfname(name) || alias?.startsWith(ALIAS_PREFIX) === true;
    const links = (await this.#rtnl.links.list()).filter((link) => isPodDevice(link) && isOurs(link));
    const folders = namesIn(this.#links).filter((name) => isHostIfname(name) || isBuriedIfname(name));
    return [...new Set([...links.map(({ name }) => name), ...folders])].sort();
  }

  /**
   * Deletes devices of these names and what holds programs by them: a link whose device is gone costs no grace period, a filter on another
   * plugin's device is taken off it.
   */
  async remove(names: readonly string[]): Promise<void> {
    const all = await this.#rtnl.links.list();
    const devices = all.filter((link) => isPodDevice(link) && names.includes(link.name));
    const left = await step('reap.group', () => this.#deleteAll(devices, all));
    for (const name of names) if (!left.has(name)) await step('reap.pins', () => this.#detach(join(this.#links, name)));
    for (const error of left.values()) throw error;
  }

  /**
   * The device by the first of its names that there is, else by its index, since others may have renamed it; and the number that the pod's namespace
   * has here, if it was passed.
   */
  async #find(endpoint: Endpoint, netns: Netns | undefined): Promise<{ device?: Link; netnsId?: number | undefined }> {
    const { links } = this.#rtnl;
    for (const name of [endpoint.hostIfname, buriedIfname(endpoint.id)]) {
      const found = netns === undefined ? { link: await links.find(name) } : await links.findWithNetnsId(name, netns);
      const { link: device, ...rest } = found;
      if (device !== undefined && isPodDevice(device)) return { device, ...rest };
    }
    const renamed = endpoint.hostIfindex > 0 ? await links.find(endpoint.hostIfindex) : undefined;
    if (renamed === undefined || !isDeviceOf(renamed, endpoint)) return {};
    return { device: renamed, netnsId: netns && (await links.netnsId(netns)) };
  }

  /** False when the pair has to be deleted instead. */
  async #hide(device: Link, endpoint: Endpoint, way: Pick<Banishment, 'doors' | 'passedId'>): Promise<boolean> {
    const name = buriedIfname(endpoint.id);
    try {
      const isAway = await step('bury.peer', () => banishPeer(this.#rtnl, device, { name, ...way, table: endpoint.table }));
      if (!isAway) return false;
      const changes = renameLink(device.ifindex, name, { group: BURIAL_GROUP, alias: deviceAlias(endpoint) });
      await step('bury.device', () => this.#rtnl.batch(changes));
      return true;
    } catch (error) {
      if (!hasErrno(error, 'ENODEV'))
        this.#log.warn({ id: endpoint.id, error: messageOf(error) }, 'cannot bury a device, deleting it at once');
      return false;
    }
  }

  /**
   * Under their old name they would be in the way of the next ADD, and unpinned under a live device they would cost a grace period each. False when
   * there are none left to remove later.
   */
  async #movePins(endpoint: Endpoint, isBuried: boolean): Promise<boolean> {
    const [from, to] = [hostIfname(endpoint), buriedIfname(endpoint.id)].map((name) => join(this.#links, name)) as [string, string];
    if (!isBuried) {
      for (const folder of [from, to]) await this.#detach(folder);
      return false;
    }
    if (existsSync(from)) {
      removeFolder(to);
      renameSync(from, to);
    }
    return existsSync(to);
  }

  /** Looked for by its name: a list of all devices is the longer the more pods there are. */
  async #deleteSingle(name: string): Promise<ReadonlyMap<string, unknown>> {
    const link = await this.#rtnl.links.find(name);
    return await this.#deleteEach(link !== undefined && isPodDevice(link) ? [link] : []);
  }

  async #deleteMany(names: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const all = await this.#rtnl.links.list();
    const byName = new Map(all.filter(isPodDevice).map((link) => [link.name, link]));
    return await this.#deleteAll(
      names.flatMap((name) => byName.get(name) ?? []),
      all,
    );
  }

  /** Deletes devices at once. Gives what is left of them, by name, with the kernel's reason. */
  async #deleteAll(devices: readonly Link[], all: readonly Link[]): Promise<ReadonlyMap<string, unknown>> {
    if (devices.length === 0) return new Map();
    const strangers = all.filter((link) => link.group === BURIAL_GROUP && !devices.some(({ ifindex }) => ifindex === link.ifindex));
    try {
      if (strangers.some((link) => !isCorpse(link))) throw new Error(`in its group is ${strangers.map(({ name }) => name).join(', ')}`);
      await this.#gather(devices.filter(({ group }) => group !== BURIAL_GROUP));
      await this.#rtnl.links.deleteGroup(BURIAL_GROUP);
      return new Map();
    } catch (error) {
      if (hasErrno(error, 'ENODEV')) return new Map();
      this.#log.warn({ error: messageOf(error) }, 'cannot delete the buried devices by their group, deleting them one by one');
      return await this.#deleteEach(devices);
    }
  }

  /** Puts into the group what no burial has put there. */
  async #gather(devices: readonly Link[]): Promise<void> {
    const requests: Request[] = devices.map(({ ifindex }) => setLink(ifindex, { group: BURIAL_GROUP }));
    await this.#rtnl.batch(requests).catch(ignoreGone);
  }

  async #deleteEach(devices: readonly Link[]): Promise<ReadonlyMap<string, unknown>> {
    const left = new Map<string, unknown>();
    for (const device of devices) await this.#deleteOne(device).catch((error: unknown) => left.set(device.name, error));
    return left;
  }

  /** The pod's namespace may die meanwhile, and take the pair along. */
  async #deleteOne({ ifindex }: Link): Promise<void> {
    await this.#rtnl.links.delete(ifindex).catch(ignoreGone);
  }
}

function isPodDevice({ kind }: Link): boolean {
  return isPodLinkKind(kind);
}

/** In the group since we put it there, in this life or an earlier one, whatever others call it: it may go with any batch. */
function isCorpse({ name, alias, kind }: Link): boolean {
  return isPodLinkKind(kind) && !isHostIfname(name) && alias?.startsWith(ALIAS_PREFIX) === true;
}

/**
 * Gives pods' devices that others renamed their names back: all that looks for a device at start looks by its name. One whose name another has
 * by now keeps its own.
 */
export async function restoreNames(rtnl: Rtnetlink, log: Logger): Promise<void> {
  for (const { ifindex, name: found, alias, kind } of await rtnl.links.list()) {
    const key = isPodLinkKind(kind) ? attachmentOfAlias(alias ?? '') : undefined;
    if (key === undefined || isBuriedIfname(found) || found === hostIfname(key)) continue;
    const name = hostIfname(key);
    try {
      await rtnl.batch([...renameLink(ifindex, name), setLink(ifindex, { up: true })]);
      log.warn({ device: name, found }, 'renamed a pod device back');
    } catch (error) {
      log.warn({ device: name, found, error: messageOf(error) }, 'renaming a pod device back failed');
    }
  }
}
