import type { AttachKind, AttachMode } from '../../conf/api/types.ts';
import type { Answer } from '../../native/index.ts';
import { StartError } from '../failure.ts';

/** How programs are attached to the node's devices that are no netkit. */
export interface AttachChoice {
  readonly kind: Exclude<AttachKind, 'netkit'>;
  /** What people call it. */
  readonly mode: AttachMode;
  readonly reason: string;
}

/** Asked once, at start. A kernel that cannot be judged is taken to have tcx: the first attach will tell. */
export function chooseAttach(isTcxWanted: boolean, tcx: Answer, kernel: string): AttachChoice {
  const legacy = (reason: string): AttachChoice => ({ kind: 'clsact', mode: 'Legacy TC', reason });
  if (!isTcxWanted) return legacy('bpf.enableTCX is false');
  if (tcx === 'no') return legacy(`Linux ${kernel} has no tcx links`);
  return { kind: 'tcx', mode: 'TCX', reason: tcx === 'yes' ? `Linux ${kernel} has tcx links` : `Linux ${kernel} does not tell` };
}

/**
 * Refuses a kernel on which no program could be loaded; asked before anything is made. Throws StartError when the probe said no: a kernel that
 * cannot be judged is tried.
 */
export function requireKernel(redirectPeer: Answer, kernel: string): void {
  if (redirectPeer !== 'no') return;
  throw new StartError(
    `start on Linux ${kernel}: it has no bpf_redirect_peer, by which packets reach pods; axoneme needs Linux 5.10 or later`,
  );
}
