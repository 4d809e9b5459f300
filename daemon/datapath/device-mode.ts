import type { DeviceMode } from '../../conf/api/types.ts';
import type { DaemonConfig } from '../../conf/config/index.ts';
import { type Answer, Netns, probe, Rtnetlink } from '../../native/index.ts';
import { hasErrno, StartError } from '../failure.ts';

/** What pods get from now on. */
export interface DeviceChoice {
  readonly mode: DeviceMode;
  readonly reason: string;
}

/**
 * The kind of pair that `bpf.datapathMode` leads to on this kernel; `netkit` is asked only where that matters. Throws StartError when netkit is
 * demanded and is not there: before any pod, which could otherwise get no network at all.
 */
export async function chooseDeviceMode(
  wanted: DaemonConfig['bpf']['datapathMode'],
  kernel: string,
  netkit: () => Promise<Answer> = probeNetkit,
): Promise<DeviceChoice> {
  if (wanted === 'veth') return { mode: 'veth', reason: 'bpf.datapathMode is veth' };
  const answer = await netkit();
  if (wanted === 'auto') return chosen(answer, kernel);
  if (answer === 'no') {
    throw new StartError(
      `start with bpf.datapathMode ${wanted} on Linux ${kernel}: it has no netkit devices, which came with Linux 6.7 (CONFIG_NETKIT); ` +
        'set bpf.datapathMode to auto or veth',
    );
  }
  return { mode: wanted, reason: `bpf.datapathMode is ${wanted}` };
}

function chosen(answer: Answer, kernel: string): DeviceChoice {
  if (answer === 'yes') return { mode: 'netkit', reason: `auto: Linux ${kernel} has netkit` };
  const lack = answer === 'no' ? 'has no netkit (6.7, CONFIG_NETKIT)' : 'does not tell whether it has netkit';
  return { mode: 'veth', reason: `auto: Linux ${kernel} ${lack}` };
}

/**
 * Makes and deletes a netkit pair in a network namespace of its own. Where none may be made, as in a service without CAP_SYS_ADMIN, the kernel
 * is asked whether it knows netkit's links, which come with the devices.
 */
export async function probeNetkit(): Promise<Answer> {
  try {
    using netns = await Netns.create();
    using rtnl = await Rtnetlink.open(netns);
    await rtnl.links.create({ kind: 'netkit', name: 'probe', mode: 'l3', peer: { name: 'peer' } });
    await rtnl.links.delete((await rtnl.links.get('probe')).ifindex);
    return 'yes';
  } catch (error) {
    return hasErrno(error, 'EOPNOTSUPP') ? 'no' : await probe('netkit');
  }
}
