import { sys } from '../binding.ts';
import { awaiting, calling } from '../errors.ts';
import { Fd } from '../fd.ts';
import type { AttachType } from './constants.ts';
import { programInfo } from './info.ts';
import type { LinkTarget } from './link.ts';

/** Ids of the programs attached there, in the order in which they run (BPF_PROG_QUERY). Throws SyscallError: ENODEV, EINVAL. */
export async function attachedPrograms(target: LinkTarget & { readonly attachType: AttachType }): Promise<number[]> {
  const netns = 'ifindex' in target ? target.netns : undefined;
  const [ifindex, cgroup] = 'cgroup' in target ? [0, target.cgroup] : [target.ifindex];
  const subject = cgroup?.what ?? `interface ${ifindex}`;
  return [
    ...(await awaiting(`list programs on ${subject}`, () => sys().bpfQuery(netns?.use(), ifindex, cgroup?.use(), target.attachType))),
  ];
}

/**
 * Those of the devices, by index in the process's own namespace, at whose hook the program is not attached; a device that is gone is none of
 * them. For many devices: a system call each, on one thread. Throws SyscallError: EINVAL where the kernel does not know the attach type.
 */
export async function devicesLacking(program: Fd, attachType: AttachType, ifindexes: readonly number[]): Promise<number[]> {
  const { id } = programInfo(program);
  const ask = () => sys().bpfLacking(attachType, id, Uint32Array.from(ifindexes));
  return [...(await awaiting(`find devices without ${program.what}`, ask))];
}

/** Opens a loaded program by its id. Throws SyscallError: ENOENT when it is gone. */
export function programById(id: number): Fd {
  return Fd.adopt(
    calling(`open program ${id}`, () => sys().bpfProgramById(id)),
    `program ${id}`,
  );
}
