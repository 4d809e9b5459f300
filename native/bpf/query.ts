import { sys } from '../binding.ts';
import { calling } from '../errors.ts';
import { Fd } from '../fd.ts';
import type { AttachType } from './constants.ts';
import type { LinkTarget } from './link.ts';

/** Ids of the programs attached there, in the order in which they run (BPF_PROG_QUERY). Throws SyscallError: ENODEV, EINVAL. */
export function attachedPrograms(target: LinkTarget & { readonly attachType: AttachType }): number[] {
  const netns = 'ifindex' in target ? (target.netns?.use() ?? -1) : -1;
  const subject = 'cgroup' in target ? target.cgroup.what : `interface ${target.ifindex}`;
  const number = 'cgroup' in target ? target.cgroup.use() : target.ifindex;
  for (let room = 16; ; room *= 4) {
    const ids = new Uint32Array(room);
    const count = calling(`list programs on ${subject}`, () => sys().bpfQuery(netns, number, target.attachType, ids));
    if (count <= room) return [...ids.subarray(0, count)];
  }
}

/** Opens a loaded program by its id. Throws SyscallError: ENOENT when it is gone. */
export function programById(id: number): Fd {
  return Fd.adopt(
    calling(`open program ${id}`, () => sys().bpfProgramById(id)),
    `program ${id}`,
  );
}
