import { sys } from '../binding.ts';
import { awaiting, calling } from '../errors.ts';
import type { Fd } from '../fd.ts';
import { AttachType, LinkType } from './constants.ts';
import { isLittleEndian } from './endian.ts';

/** What the kernel knows of a loaded program (struct bpf_prog_info, linux/bpf.h). */
export interface ProgramInfo {
  readonly id: number;
  /** At most 15 characters: the kernel keeps no more. */
  readonly name: string;
  /** SHA-1 prefix of the instructions, 16 hex digits. */
  readonly tag: string;
  /** BPF_PROG_TYPE_*. */
  readonly type: number;
  /** Instructions that the verifier walked (0 before Linux 5.16). */
  readonly verifiedInstructions: number;
}

/** struct bpf_map_info; sizes in bytes. */
export interface MapInfo {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

/** struct bpf_link_info. A link whose device or cgroup is gone, or that was detached, has `ifindex` or `cgroupId` 0. */
export interface LinkInfo {
  readonly id: number;
  readonly programId: number;
  /** BPF_LINK_TYPE_*. */
  readonly type: number;
  readonly ifindex?: number;
  readonly cgroupId?: bigint;
  readonly attachType?: number;
}

/** Longer than either struct; the kernel wants the bytes that it does not know to be zero. */
function read(fd: Fd): DataView {
  const bytes = new Uint8Array(512);
  calling(`read info of ${fd.what}`, () => sys().bpfInfo(fd.use(), bytes));
  return new DataView(bytes.buffer);
}

const u32 = (view: DataView, offset: number) => view.getUint32(offset, isLittleEndian);

/** A fixed char array: up to its first NUL. */
function text(view: DataView, offset: number, size: number): string {
  const raw = Buffer.from(view.buffer, offset, size);
  const end = raw.indexOf(0);
  return raw.toString('latin1', 0, end < 0 ? size : end);
}

/** Throws SyscallError; EINVAL when the descriptor is no BPF object. */
export function programInfo(program: Fd): ProgramInfo {
  const view = read(program);
  const tag = Buffer.from(view.buffer, 8, 8).toString('hex');
  return { type: u32(view, 0), id: u32(view, 4), tag, name: text(view, 64, 16), verifiedInstructions: u32(view, 216) };
}

/** Throws SyscallError. */
export function mapInfo(map: Fd): MapInfo {
  const view = read(map);
  return {
    type: u32(view, 0),
    id: u32(view, 4),
    keySize: u32(view, 8),
    valueSize: u32(view, 12),
    maxEntries: u32(view, 16),
    flags: u32(view, 20),
    name: text(view, 24, 16),
  };
}

/** A promise, because for a link on a device the kernel waits for its lock on devices (RTNL). Throws SyscallError. */
export async function linkInfo(link: Fd): Promise<LinkInfo> {
  const { buffer } = await awaiting(`read info of ${link.what}`, () => sys().bpfLinkInfo(link.use()));
  const view = new DataView(buffer);
  const common = { type: u32(view, 0), id: u32(view, 4), programId: u32(view, 8) };
  switch (common.type) {
    case LinkType.tcx:
    case LinkType.netkit:
      return { ...common, ifindex: u32(view, 16), attachType: u32(view, 20) };
    case LinkType.xdp:
      return { ...common, ifindex: u32(view, 16), attachType: AttachType.xdp };
    case LinkType.cgroup:
      return { ...common, cgroupId: view.getBigUint64(16, isLittleEndian), attachType: u32(view, 24) };
    default:
      return common;
  }
}
