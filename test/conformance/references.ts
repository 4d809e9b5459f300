import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { it } from 'vitest';
import { type ConformanceSuiteOptions, describeConformance } from '../../test-harness/conformance/vitest.ts';

/** The version whose deviations are listed below. */
const VERSION = '1.1.1';

/** What Debian's containernetworking-plugins 1.1.1 do otherwise than the specification says; the evidence is in test-harness/docs/conformance.md. */
const EVERYWHERE = { 'error-version': 'the library of the reference plugins writes errors without cniVersion' };
const WITHOUT_DELEGATE = { ...EVERYWHERE, 'env-path-optional': 'the library demands CNI_PATH of every verb but VERSION' };
const WITH_DELEGATE = {
  ...EVERYWHERE,
  'add-prevresult-passed': 'prevResult is not read in ADD',
  'delegate-del-after-delegate-failed': 'the error of the delegate is returned at once',
  'delegate-route-without-gateway': 'ADD fills in the gateway, CHECK looks for a route without one',
};

const ipam = { type: 'host-local', ranges: [[{ subnet: '10.77.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] };
const ptp = { type: 'ptp', ipam };

/** A list in which the plugin comes behind ptp. */
const behindPtp = (plugin: object) => ({ name: 'net', plugins: [ptp, plugin] });

/** The reference plugins that this kernel can run, each with its configuration and with exactly the items that it fails. */
export const references: readonly ConformanceSuiteOptions[] = [
  {
    plugin: '/usr/lib/cni/ptp',
    config: { name: 'net', ...ptp, mtu: 1400 },
    knownDeviations: {
      ...WITH_DELEGATE,
      'add-two-ifnames': 'the route to the gateway exists already, and that fails the second ADD',
      'del-other-ifname-untouched': 'there cannot be two interfaces',
    },
  },
  {
    plugin: '/usr/lib/cni/bridge',
    config: { name: 'net', type: 'bridge', bridge: 'cni0', isGateway: true, ipam },
    knownDeviations: { ...WITH_DELEGATE, 'add-delegate-missing-leaves-nothing': 'the veth pair stays when the delegate fails' },
  },
  {
    plugin: '/usr/lib/cni/macvlan',
    config: { name: 'net', type: 'macvlan', master: 'up0', ipam },
    setup: (node) => node.run(['sh', '-c', 'ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up']),
    knownDeviations: { ...WITH_DELEGATE, 'add-delegate-missing-leaves-nothing': 'the interface stays when the delegate fails' },
  },
  { plugin: '/usr/lib/cni/host-local', config: { name: 'net', ...ptp }, knownDeviations: EVERYWHERE },
  {
    plugin: '/usr/lib/cni/tuning',
    config: behindPtp({ type: 'tuning', mtu: 1380, sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' } }),
    knownDeviations: {
      ...WITHOUT_DELEGATE,
      'life-0.4.0': 'CHECK, see there',
      'life-1.0.0': 'CHECK, see there',
      'check-after-add': 'CHECK does not replace IFNAME in the names of sysctls, as ADD does',
      'del-netns-unset': 'its backup file stays',
      'del-netns-empty': 'its backup file stays',
      'del-netns-gone': 'its backup file stays',
      'del-after-interface-removed': 'its backup file stays',
    },
  },
  {
    plugin: '/usr/lib/cni/portmap',
    config: behindPtp({ type: 'portmap', snat: true, capabilities: { portMappings: true } }),
    runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] },
    knownDeviations: {
      ...WITHOUT_DELEGATE,
      'life-0.4.0': 'CHECK, see there',
      'life-1.0.0': 'CHECK, see there',
      'check-after-add': 'CHECK looks for IPv6 rules of a container without IPv6',
    },
  },
  {
    plugin: '/usr/lib/cni/firewall',
    config: behindPtp({ type: 'firewall', backend: 'iptables' }),
    knownDeviations: {
      ...WITHOUT_DELEGATE,
      'del-no-prevresult': 'without prevResult DEL does nothing, and the rules of the address stay',
      'del-netns-empty': 'without prevResult DEL does nothing, and the rules of the address stay',
    },
  },
  {
    plugin: '/usr/lib/cni/bandwidth',
    config: behindPtp({
      type: 'bandwidth',
      ingressRate: 1_000_000,
      ingressBurst: 1_000_000,
      egressRate: 1_000_000,
      egressBurst: 1_000_000,
    }),
    knownDeviations: WITHOUT_DELEGATE,
  },
];

/** The distribution's version of the plugins; they themselves say `version unknown`. */
function installedVersion(): string {
  const { stdout } = spawnSync('dpkg-query', ['-W', 'containernetworking-plugins'], { encoding: 'utf8' });
  return stdout.trim().split('\t')[1] ?? '';
}

/**
 * Registers the suite of one reference plugin. Every plugin has a file of its own, so that they run side by side. Where the distribution has
 * another version, its list of deviations would be another one: the suite is then skipped with that reason.
 */
export function describeReference(name: string): void {
  const reference = references.find(({ plugin }) => basename(plugin) === name);
  if (!reference) throw new Error(`find reference plugin ${name}: it is not in the list`);
  const version = installedVersion();
  if (version.startsWith(VERSION)) describeConformance(reference);
  else it.skip(`conformance of ${name}: its deviations are known for ${VERSION}, and here is ${version || 'none'}`);
}
