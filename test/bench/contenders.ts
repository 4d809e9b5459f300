import { join } from 'node:path';
import type { Pod } from '../../test-harness/index.ts';
import { executables } from '../fixtures/axoneme.ts';
import type { Job } from './timer.ts';

/** Where Debian's containernetworking-plugins are. */
export const referencePlugins = '/usr/lib/cni';

/** A network whose plugin is started directly, so that only the plugin is timed. */
export interface Contender {
  readonly id: 'warm' | 'cold' | 'ptp' | 'bridge' | 'masquerade';
  /** As the tables call it. */
  readonly what: string;
  readonly plugin: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const ours = { cniVersion: '1.0.0', name: 'axoneme', type: 'axoneme-cni' };

/** One process per call that does all of the plugin's work. */
export const cold: Contender = { id: 'cold', what: 'axoneme, cold', plugin: executables.cold, config: ours };

/** What is installed: the launcher, whose call the daemon serves. */
export const warm: Contender = { id: 'warm', what: 'axoneme, warm', plugin: executables.plugin, config: ours };

/** The forms of our plugin, the one that runtimes meet first. */
export const forms = [warm, cold] as const;

/** IPv4 only: with IPv6, the reference plugins wait for duplicate address detection, more than a second, which would flatter us. */
function reference(id: Contender['id'], what: string, type: string, subnet: string, settings: object): Contender {
  const ipam = { type: 'host-local', ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] };
  return { id, what, plugin: join(referencePlugins, type), config: { cniVersion: '1.0.0', name: id, type, ...settings, ipam } };
}

export const ptp = reference('ptp', 'ptp + host-local', 'ptp', '10.88.0.0/16', {});
export const bridge = reference('bridge', 'bridge + host-local', 'bridge', '10.89.0.0/16', { bridge: 'cni0', isGateway: true });
export const masquerade = reference('masquerade', 'ptp with ipMasq', 'ptp', '10.90.0.0/16', { ipMasq: true });

/** A call as a runtime makes it, with the little environment that a runtime's service has. */
export function call({ plugin, config }: Contender, verb: 'ADD' | 'CHECK' | 'DEL', pod: Pod, prevResult?: unknown): Job {
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: pod.containerId,
    CNI_NETNS: pod.netnsPath,
    CNI_IFNAME: 'eth0',
    CNI_PATH: referencePlugins,
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  };
  const told = prevResult === undefined ? config : { ...config, prevResult };
  return { argv: [plugin], env, input: JSON.stringify(told) };
}

/** Node itself, with nothing to do: what any process of ours takes at least. */
export const bareNode: Job = { argv: [process.execPath, '-e', '0'], env: { PATH: '/usr/bin:/bin' }, input: '' };

/** VERSION of the cold plugin: it starts, and answers without daemon or kernel. */
export const coldVersion: Job = { argv: [executables.cold], env: { CNI_COMMAND: 'VERSION' }, input: '{"cniVersion":"1.0.0"}' };
