import type { Attachment } from './attachment.ts';
import { DEFAULT_IFNAME } from './attachment.ts';
import { CniError } from './cni-error.ts';
import type { Network } from './network.ts';

/** Specification 1.1.0, section 1 (name) and section 2 (CNI_CONTAINERID). */
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/**
 * What a runtime checks by itself before ADD, with the codes that the plugin would use: 4 for the environment, 7 for the configuration.
 * DEL, CHECK and GC are not checked, as in libcni.
 */
export function validateAdd(network: Network, attachment: Attachment): void {
  const ifname = attachment.ifname ?? DEFAULT_IFNAME;
  if (!IDENTIFIER.test(attachment.containerId)) refuse(4, 'invalid container id', attachment.containerId);
  if (!IDENTIFIER.test(network.name)) refuse(7, 'invalid network name', network.name);
  const legal = ifname.length > 0 && ifname.length <= 15 && ifname !== '.' && ifname !== '..' && !/[/:\s]/.test(ifname);
  if (!legal) refuse(4, 'invalid interface name', ifname);
}

function refuse(code: number, msg: string, details: string): never {
  throw new CniError({ code, msg, details }, { plugin: 'the runtime', command: 'ADD', stdout: '', stderr: '', timedOut: false });
}
