/** Filters of the kind bpf at the hooks of clsact: RTM_NEWTFILTER and RTM_DELTFILTER (tc-bpf(8); include/uapi/linux/pkt_cls.h, net/sched/cls_bpf.c). */
import { AttrWriter } from '../attr.ts';
import {
  ETH_P_ALL,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  RTM_DELTFILTER,
  RTM_NEWTFILTER,
  TC_H_CLSACT_EGRESS,
  TC_H_CLSACT_INGRESS,
  TCA_BPF_FD,
  TCA_BPF_FLAG_ACT_DIRECT,
  TCA_BPF_FLAGS,
  TCA_BPF_NAME,
  TCA_KIND,
  TCA_OPTIONS,
} from '../constants.ts';
import type { Request } from '../message.ts';

/** Size of `struct tcmsg`. */
const TCMSG = 20;

/** Names one filter: no two on a device have all of these in common. */
export interface FilterKey {
  readonly ifindex: number;
  readonly hook: 'ingress' | 'egress';
  /** 1 to 65535; lower runs first. */
  readonly priority: number;
  /** Any number but 0. */
  readonly handle: number;
}

/** A filter that runs a program on packets of every protocol, whose return value (TC_ACT_*, linux/pkt_cls.h) is the verdict. */
export interface BpfFilterSpec extends FilterKey {
  /** A loaded program of type sched_cls: the number of a descriptor that is open while the request is sent. */
  readonly program: { use(): number };
  /** What `tc filter show` calls it; at most 255 bytes. */
  readonly name: string;
}

/**
 * Makes the filter, or gives the one of this key another program: no packet meets the hook without one of the two. ENODEV: no such device;
 * EINVAL: it has no clsact, or filters of another kind or protocol have the priority.
 */
export function replaceBpfFilter(spec: BpfFilterSpec): Request {
  const body = header(spec, ETH_P_ALL)
    .str(TCA_KIND, 'bpf')
    .nested(TCA_OPTIONS, (options) =>
      options.u32(TCA_BPF_FD, spec.program.use()).str(TCA_BPF_NAME, spec.name).u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT),
    )
    .finish();
  return {
    operation: `set filter ${spec.name} at ${spec.hook} of interface ${spec.ifindex}`,
    type: RTM_NEWTFILTER,
    flags: NLM_F_CREATE | NLM_F_REPLACE,
    body,
  };
}

/** ENOENT: no such filter; EINVAL: no clsact, or the filters of the priority are of another kind; ENODEV: no such device. */
export function deleteBpfFilter(key: FilterKey): Request {
  return {
    operation: `delete filter ${key.handle} at ${key.hook} of interface ${key.ifindex}`,
    type: RTM_DELTFILTER,
    flags: 0,
    body: header(key, ETH_P_ALL).str(TCA_KIND, 'bpf').finish(),
  };
}

/** `tcm_info` is the priority in the upper half and the protocol, in network order, in the lower (TC_H_MAKE in tc_new_tfilter). */
function header({ ifindex, hook, priority, handle }: FilterKey, protocol: number): AttrWriter {
  const parent = hook === 'ingress' ? TC_H_CLSACT_INGRESS : TC_H_CLSACT_EGRESS;
  return new AttrWriter().struct(TCMSG, (put) => put.i32(4, ifindex).u32(8, handle).u32(12, parent).be16(16, protocol).u16(18, priority));
}
