import { readFileSync } from 'node:fs';
import { HOST_IFNAME } from '../../conf/names.ts';
import { setSysctl, sysctlPath } from '../../native/index.ts';
import { hasErrno } from '../failure.ts';

/** A setting below /proc/sys/net and its value. */
export interface Sysctl {
  /** As `sysctlPath` takes it. */
  readonly name: string;
  readonly value: string;
}

/**
 * The settings of `axo_host`. It forwards, so that route look-ups on its behalf answer for the pods. It sends no redirects: what the stack sends back
 * out of it goes to another pod, and a redirect would name a next hop that no pod can use. A node that switches IPv6 off by default
 * (`net.ipv6.conf.default.disable_ipv6=1`) means its own devices: without IPv6 here no pod would have it.
 *
 * Whoever writes `net.ipv4.ip_forward` or `net.ipv6.conf.all.forwarding` sets that of every device, also when the value is the one of before.
 */
export function hostSysctls(hasIpv6: boolean): Sysctl[] {
  return [
    { name: `net.ipv4.conf.${HOST_IFNAME}.forwarding`, value: '1' },
    { name: `net.ipv4.conf.${HOST_IFNAME}.send_redirects`, value: '0' },
    ...(hasIpv6 ? [{ name: `net.ipv6.conf.${HOST_IFNAME}.disable_ipv6`, value: '0' }] : []),
    { name: `net.ipv6.conf.${HOST_IFNAME}.forwarding`, value: '1' },
  ];
}

/** What differs, one sentence each. A setting that is not there is none: of IPv6 where the kernel lacks it, or of a device that is gone. */
export function sysctlProblems(sysctls: readonly Sysctl[]): string[] {
  return sysctls.flatMap(({ name, value }) => {
    const found = read(name);
    return found === undefined || found === value ? [] : [`sysctl ${name} is ${found}, not ${value}`];
  });
}

/** Writes what differs. Not on the event loop: `forwarding` waits for the kernel's lock on devices (RTNL), which others may hold for long. */
export async function setSysctls(sysctls: readonly Sysctl[]): Promise<void> {
  for (const { name, value } of sysctls) {
    const found = read(name);
    if (found !== undefined && found !== value) await setSysctl(undefined, name, value);
  }
}

/** Not by entering our own namespace, which would ask for CAP_SYS_ADMIN: /proc/sys/net is that of whoever opens it. */
function read(name: string): string | undefined {
  try {
    return readFileSync(sysctlPath(name), 'utf8').trimEnd();
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
