import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { programInfo } from '../../native/bpf/info.ts';
import { NetlinkError } from '../../native/errors.ts';
import type { FilterKey } from '../../native/netlink/route/filter.ts';
import type { Filter } from '../../native/netlink/route/traffic-control.ts';
import type { Rtnetlink } from '../../native/netlink/rtnetlink.ts';
import { namesIn } from './folder.ts';
import { type Attached, type AttachMethod, type Held, HOOKS, type Hook, type Outcome } from './method.ts';

/** First at its hook, as what judges must be. */
const PRIORITY = 1;
/** "axo" in ASCII: no other's filter of this priority is replaced by accident. */
const HANDLE = 0x61786f;
/** What the names of our programs, and so of our filters, begin with. */
const NAME_PREFIX = 'axo_';

/**
 * Filters on the hooks of a clsact qdisc, for kernels without tcx (before 6.6). The filter itself holds the program: there is nothing to pin,
 * and it goes with its device. For devices that stay, a mark in the target's folder says where the filters are and whether the qdisc is
 * ours: a folder named `filters-IFINDEX` or `clsact-IFINDEX`.
 */
export const clsact: AttachMethod = {
  kind: 'clsact',

  async prepare(netlink, { ifindex, folder }): Promise<void> {
    const isMade = await addHooks(netlink, ifindex);
    if (readMarks(folder).some((mark) => mark.ifindex === ifindex)) return;
    mkdirSync(join(folder, `${isMade ? 'clsact' : 'filters'}-${ifindex}`), { recursive: true, mode: 0o700 });
  },

  async attach(netlink, { ifindex }, hook, { name, fd }): Promise<Held> {
    await netlink.trafficControl.replaceFilter({ ...keyOf(ifindex, hook), program: fd, name });
    return { keep() {}, [Symbol.dispose]() {} };
  },

  async inspect(netlink, { ifindex }, hook): Promise<Attached | undefined> {
    const filter = await ownFilter(netlink, ifindex, hook);
    return filter?.bpf && { kind: 'clsact', ifindex, programId: filter.bpf.id };
  },

  async ensure(netlink, target, hook, program): Promise<Outcome> {
    const found = await this.inspect(netlink, target, hook);
    if (found?.programId === programInfo(program.fd).id) return 'kept';
    if (found === undefined) await this.prepare(netlink, target);
    using _held = await this.attach(netlink, target, hook, program);
    return found === undefined ? 'created' : 'updated';
  },

  async remove(netlink, folder): Promise<boolean> {
    const marks = readMarks(folder);
    for (const mark of marks) {
      await removeFilters(netlink, mark);
      rmdirSync(join(folder, mark.name));
    }
    return marks.length > 0;
  },
};

/** True when the qdisc was made now. The older `ingress`, in whose place it would be, takes filters for the other hook too, and runs them at the wrong one. */
async function addHooks({ trafficControl }: Rtnetlink, ifindex: number): Promise<boolean> {
  if (await trafficControl.addClsact(ifindex)) return true;
  const isTaken = (await trafficControl.qdiscs()).some((qdisc) => qdisc.ifindex === ifindex && qdisc.kind === 'ingress');
  if (isTaken)
    throw new NetlinkError(`add qdisc clsact to interface ${ifindex}`, EEXIST, { kernelMessage: 'a qdisc ingress is in its place' });
  return false;
}

/** include/uapi/asm-generic/errno-base.h */
const EEXIST = 17;

const keyOf = (ifindex: number, hook: Hook): FilterKey => ({ ifindex, hook, priority: PRIORITY, handle: HANDLE });

async function ownFilter({ trafficControl }: Rtnetlink, ifindex: number, hook: Hook): Promise<Filter | undefined> {
  return (await trafficControl.filters(ifindex, `clsact ${hook}`)).find(isOwn);
}

function isOwn({ kind, priority, handle, bpf }: Filter): boolean {
  return kind === 'bpf' && priority === PRIORITY && handle === HANDLE && bpf?.name.startsWith(NAME_PREFIX) === true;
}

interface Mark {
  readonly name: string;
  readonly ifindex: number;
  /** We made the qdisc, too. */
  readonly isQdiscOurs: boolean;
}

function readMarks(folder: string): Mark[] {
  return namesIn(folder).flatMap((name) => {
    const [, kind, index] = /^(clsact|filters)-([0-9]+)$/.exec(name) ?? [];
    return index === undefined ? [] : [{ name, ifindex: Number(index), isQdiscOurs: kind === 'clsact' }];
  });
}

/** Takes our filters off a device that is still there; a qdisc that we made and nobody else uses goes too. */
async function removeFilters(netlink: Rtnetlink, { ifindex, isQdiscOurs }: Mark): Promise<void> {
  if ((await netlink.links.find(ifindex)) === undefined) return;
  for (const hook of HOOKS) {
    if ((await ownFilter(netlink, ifindex, hook)) !== undefined) await netlink.trafficControl.deleteFilter(keyOf(ifindex, hook));
  }
  if (isQdiscOurs && (await isUnused(netlink, ifindex))) await netlink.trafficControl.deleteClsact(ifindex);
}

async function isUnused({ trafficControl }: Rtnetlink, ifindex: number): Promise<boolean> {
  for (const hook of HOOKS) if ((await trafficControl.filters(ifindex, `clsact ${hook}`)).length > 0) return false;
  return true;
}
