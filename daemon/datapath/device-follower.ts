import { HOST_IFNAME } from '../../conf/names.ts';
import type { Link, Rtnetlink } from '../../native/index.ts';
import { namesIn } from '../../plugin/attach/index.ts';
import type { Logger } from '../log.ts';
import type { Settings } from '../settings.ts';
import type { Hooks } from './hooks.ts';
import { sysctlProblems } from './host-sysctls.ts';
import type { Attachments } from './links.ts';
import { findNativeDevices } from './native-devices.ts';
import { isOfNode } from './node-watch.ts';
import type { Item } from './reconciler.ts';

export interface FollowerParts {
  readonly rtnl: Rtnetlink;
  readonly settings: Pick<Settings, 'devices' | 'mtu' | 'families'>;
  /** MTU of new pods, in bytes. */
  readonly mtu: number;
  /** The folder of the devices' folders. */
  readonly links: string;
  readonly hooks: Hooks;
  readonly attachments: Attachments;
  readonly log: Logger;
  /** The item is wanted no more. */
  readonly forget: (item: string) => void;
}

/** The native devices, which come, go and change with the node's configuration, and the programs on them. */
export class DeviceFollower {
  readonly #parts: FollowerParts;
  #links: readonly Link[] = [];
  #unreadable: readonly string[] = [];
  #mtu: number | undefined;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** Names, ascending. */
  get names(): readonly string[] {
    return this.#links.map(({ name }) => name);
  }

  /** What does not keep an ADD from working. */
  get warnings(): readonly string[] {
    const { settings, mtu } = this.#parts;
    const isOther = settings.mtu === 0 && this.#mtu !== undefined && this.#mtu !== mtu;
    const advice = 'restart the daemon, or set MTU in its configuration';
    return [
      ...(isOther ? [`MTU of the native devices is ${this.#mtu} now, new pods get ${mtu}: ${advice}`] : []),
      ...this.#unreadable.map((name) => `${name} has a link layer that the programs cannot read: packets from it take the node's stack`),
      ...(settings.families.includes(6) ? this.names.flatMap(ipv6Warnings) : []),
    ];
  }

  /** Reads which devices are native now; true when they are others than before. Programs of devices that are native no more are removed. */
  async follow(): Promise<boolean> {
    const { rtnl, settings, log, attachments, hooks, forget } = this.#parts;
    const { links, unreadable, mtu } = await findNativeDevices(rtnl, settings.devices);
    const before = this.#links;
    const isChanged = links.map(nameOf).join() !== before.map(nameOf).join();
    const names = links.map(({ name }) => name);
    if (isChanged) log.info({ devices: names }, 'native devices');
    this.#links = links;
    this.#unreadable = unreadable;
    this.#mtu = mtu;
    for (const gone of before) if (!links.some(({ ifindex }) => ifindex === gone.ifindex)) forget(nameOf(gone));
    for (const gone of this.#ownFolders()) if (!names.includes(gone)) await attachments.remove(hooks.folder(gone));
    return isChanged;
  }

  /** The programs of each device. */
  items(): Item[] {
    const { attachments, hooks } = this.#parts;
    return this.#links.map((link) => {
      const wanted = hooks.native(link);
      return {
        name: nameOf(link),
        inspect: () => (this.#isNative(link) ? attachments.problems(wanted) : undefined),
        restore: async () => {
          await attachments.ensureAll(wanted);
        },
      };
    });
  }

  #isNative({ ifindex, name }: Link): boolean {
    return this.#links.some((link) => link.ifindex === ifindex && link.name === name);
  }

  /** Attaches to devices that have just become native. What fails is the reconciler's to try again. */
  async attach(): Promise<void> {
    for (const item of this.items()) await Promise.resolve(item.restore()).catch(() => undefined);
  }

  /** Link folders of native devices, of now and before. */
  #ownFolders(): string[] {
    return namesIn(this.#parts.links).filter((name) => isOfNode(name) && name !== HOST_IFNAME);
  }
}

/** Not ours to set: the node may do without IPv6 itself. */
function ipv6Warnings(device: string): string[] {
  const name = `net.ipv6.conf.${device.replaceAll('.', '/')}.disable_ipv6`;
  const isDisabled = sysctlProblems([{ name, value: '0' }]).length > 0;
  return isDisabled ? [`sysctl ${name} is 1: pods have no IPv6 to the outside by ${device}`] : [];
}

const nameOf = ({ name, ifindex }: Link): string => `programs of ${name} (device ${ifindex})`;
