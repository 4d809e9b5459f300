import { AttachType, attachedPrograms, hasErrno, type Link, type Netns, programById, programInfo } from '../../native/index.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import type { Section } from './describe.ts';

/** Programs on the tcx, netkit and XDP hooks of every link, in the order in which they run. A kernel without a hook has none there. */
export async function programs(at: NetworkNamespace, devices: readonly Link[]): Promise<Section> {
  using netns = at.netns();
  const found = new Map<string, string>();
  for (const device of devices) {
    for (const [hook, names] of await programsOf(netns, device))
      names.forEach((name, i) => {
        found.set(`${hook} ${i} on ${device.name}`, name);
      });
  }
  return found;
}

async function programsOf(netns: Netns, { ifindex, kind, xdp }: Link): Promise<[hook: string, programs: string[]][]> {
  const kinds = kind === 'netkit' ? (['netkitPrimary', 'netkitPeer'] as const) : [];
  const hooks = ['tcxIngress', 'tcxEgress', ...kinds] as const;
  const found = hooks.map(
    async (hook): Promise<[string, string[]]> => [hook, await attached({ ifindex, netns, attachType: AttachType[hook] })],
  );
  return [...(await Promise.all(found)), [`xdp ${xdp?.mode ?? ''}`.trim(), (xdp?.programIds ?? []).map(nameOfProgram)]];
}

/** EINVAL: no such hook in this kernel; EACCES, ENXIO: not a netkit's primary; ENODEV: the device is gone meanwhile. */
async function attached(where: Parameters<typeof attachedPrograms>[0]): Promise<string[]> {
  try {
    return (await attachedPrograms(where)).map(nameOfProgram);
  } catch (error) {
    if (['EINVAL', 'ENODEV', 'EACCES', 'ENXIO'].some((name) => hasErrno(error, name))) return [];
    throw error;
  }
}

/** A program that is gone by now has only its number. */
function nameOfProgram(id: number): string {
  try {
    using program = programById(id);
    return programInfo(program).name;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return `program ${id}`;
    throw error;
  }
}
