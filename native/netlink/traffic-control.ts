import { hasErrno } from '../errors.ts';
import { RTM_NEWQDISC, RTM_NEWTFILTER } from './constants.ts';
import { Part } from './part.ts';
import { type BpfFilterSpec, deleteBpfFilter, type FilterKey, replaceBpfFilter } from './route/filter.ts';
import { addClsact, deleteClsact } from './route/qdisc.ts';
import * as tc from './route/traffic-control.ts';

/** Queueing disciplines and filters: any, to look at; clsact and programs on its hooks, to change. */
export class TrafficControl extends Part {
  qdiscs(): Promise<tc.Qdisc[]> {
    return this.receive(tc.listQdiscs(), RTM_NEWQDISC, tc.decodeQdisc);
  }

  /** The filters of a link under one parent; none when it has no such parent. */
  async filters(ifindex: number, parent: tc.FilterParent): Promise<tc.Filter[]> {
    try {
      return await this.receive(tc.listFilters(ifindex, parent), RTM_NEWTFILTER, tc.decodeFilter);
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  }

  /** Gives a link the hooks of clsact; false when it has them, or `ingress` in their place. Throws NetlinkError: ENODEV, ENOENT (no such kind). */
  async addClsact(ifindex: number): Promise<boolean> {
    try {
      await this.send(addClsact(ifindex));
      return true;
    } catch (error) {
      if (hasErrno(error, 'EEXIST')) return false;
      throw error;
    }
  }

  /** Takes the hooks away with all filters on them; nothing there is fine. */
  async deleteClsact(ifindex: number): Promise<void> {
    await this.send(deleteClsact(ifindex)).catch(ignoreAbsent);
  }

  /** See `replaceBpfFilter`. */
  replaceFilter(spec: BpfFilterSpec): Promise<void> {
    return this.send(replaceBpfFilter(spec));
  }

  /** Takes one filter away; nothing there is fine. */
  async deleteFilter(key: FilterKey): Promise<void> {
    await this.send(deleteBpfFilter(key)).catch(ignoreAbsent);
  }
}

/** What the kernel says of a device, a parent or a filter that is not there (net/sched/sch_api.c, cls_api.c). */
const isAbsent = (error: unknown): boolean => ['EINVAL', 'ENOENT', 'ENODEV'].some((name) => hasErrno(error, name));

function ignoreAbsent(error: unknown): void {
  if (!isAbsent(error)) throw error;
}
