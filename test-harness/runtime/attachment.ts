import type { Pod } from '../lab/pod.ts';

/** What a runtime tells plugins about one attachment: a container's interface on a network. */
export interface Attachment {
  /** CNI_CONTAINERID */
  readonly containerId: string;
  /** CNI_NETNS, as the node sees it; '' when the namespace is gone */
  readonly netns: string;
  /** CNI_IFNAME (`eth0` unless given) */
  readonly ifname?: string;
  /** CNI_ARGS, in this order */
  readonly args?: Readonly<Record<string, string>>;
  /** by capability name; a plugin sees those that its configuration names, as `runtimeConfig` */
  readonly capabilityArgs?: Readonly<Record<string, unknown>>;
}

/** An attachment of a pod, for the calls that take one. */
export function attachmentOf(pod: Pod, rest: Omit<Attachment, 'containerId' | 'netns'> = {}): Attachment {
  return { containerId: pod.containerId, netns: pod.netnsPath, ...rest };
}

/** An attachment as CNI writes it in lists: `cni.dev/valid-attachments`. */
export interface AttachmentKey {
  readonly containerID: string;
  readonly ifname: string;
}

export const DEFAULT_IFNAME = 'eth0';
