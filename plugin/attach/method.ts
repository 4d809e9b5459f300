import type { AttachKind } from '../../conf/api/types.ts';
import type { LINK_NAMES } from '../../conf/names.ts';
import type { Fd } from '../../native/fd.ts';
import type { Rtnetlink } from '../../native/netlink/rtnetlink.ts';

/*
 * How a program comes to a hook of a device and stays there when plugin and daemon are gone. There is one module per kind of the kernel's
 * means, all with this interface; which one a device gets is decided by the daemon.
 */

/** The two hooks of a device on the node: `ingress` sees what comes in by it (a pod's device: what the pod sends), `egress` what goes out. */
export type Hook = keyof typeof LINK_NAMES;

export const HOOKS: readonly Hook[] = ['ingress', 'egress'];

/** A device to whose hooks programs go. */
export interface AttachTarget {
  /** Of a pair, the side on the node. */
  readonly ifindex: number;
  /** Folder on the bpffs, this device's own, for whatever must be found again: pinned links, or the mark of filters. */
  readonly folder: string;
}

/** A loaded program by the name of its function, which the kernel cuts to 15 bytes. */
export interface NamedProgram {
  readonly name: string;
  readonly fd: Fd;
}

/** A program at a hook, as the kernel has it. */
export interface Attached {
  readonly kind: AttachKind;
  /** 0: what held the program is there, but its device is gone. */
  readonly ifindex: number;
  /** Undefined where the hook is right without one; see netkit.ts. */
  readonly programId: number | undefined;
}

/** An attached program that ends with `dispose` unless something keeps it. */
export interface Held extends Disposable {
  /** Makes it outlive the process; needed by links, which their pins hold. */
  keep(): void;
}

/** What `ensure` had to do. */
export type Outcome = 'kept' | 'updated' | 'created';

/** One kind. Errors: NetlinkError and SyscallError with the kernel's reason, Unsupported where it lacks the kind. */
export interface AttachMethod {
  readonly kind: AttachKind;
  /** The egress hook waits until the ingress hook has its program; else both are served side by side. */
  readonly inTurn?: boolean;
  /** What both hooks need before the first program; doing it twice is fine. */
  prepare(netlink: Rtnetlink, target: AttachTarget): Promise<void>;
  /** Attaches to a prepared target at whose hook is nothing of this kind. */
  attach(netlink: Rtnetlink, target: AttachTarget, hook: Hook, program: NamedProgram): Promise<Held>;
  /** What of this kind is at the hook, and ours. */
  inspect(netlink: Rtnetlink, target: AttachTarget, hook: Hook): Promise<Attached | undefined>;
  /**
   * Makes the hook run the program: keeps what is right, swaps the program of what is live without a gap for the traffic, replaces what is
   * dead, makes what is missing.
   */
  ensure(netlink: Rtnetlink, target: AttachTarget, hook: Hook, program: NamedProgram): Promise<Outcome>;
  /** Takes our programs off the hooks of the folder's device, and what `prepare` made for them; false when nothing of this kind was there. */
  remove(netlink: Rtnetlink, folder: string): Promise<boolean>;
}
