import { checkNetworks } from './check-networks.ts';
import type { CrossProblem } from './problem.ts';
import type { DaemonConfig } from './types.ts';

/** IPv6 needs packets of at least 1280 bytes (RFC 8200 section 5), IPv4 of 68 (RFC 791); below 576 nothing real works. */
const minimumMtu = { ipv4: 576, ipv6: 1280 };

/** What no single key shows: settings that contradict each other. */
export function crossCheck(config: DaemonConfig): CrossProblem[] {
  return [...checkFamilies(config), ...checkPools(config), ...checkNetworks(config), ...checkMtu(config)];
}

function checkFamilies({ ipv4, ipv6 }: DaemonConfig): CrossProblem[] {
  return ipv4.enabled || ipv6.enabled
    ? []
    : [{ path: ['ipv4', 'enabled'], reason: 'false, and so is ipv6.enabled: pods would have no address' }];
}

function checkPools(config: DaemonConfig): CrossProblem[] {
  if (config.ipam.mode !== 'multi-pool') return [];
  const path = ['ipam', 'operator', 'autoCreateCiliumPodIPPools'];
  const pool = config.ipam.operator.autoCreateCiliumPodIPPools['default'];
  if (!pool) return [{ path, reason: 'mode multi-pool needs a pool named default, from which the router address comes' }];
  return (['ipv4', 'ipv6'] as const).flatMap((family) =>
    config[family].enabled && !pool[family]
      ? [{ path: [...path, 'default'], reason: `${family}.enabled is true, so the default pool needs ${family}.cidrs` }]
      : [],
  );
}

function checkMtu({ MTU, ipv6 }: DaemonConfig): CrossProblem[] {
  const least = ipv6.enabled ? minimumMtu.ipv6 : minimumMtu.ipv4;
  return MTU === 0 || MTU >= least ? [] : [{ path: ['MTU'], reason: `expected 0 or at least ${least}, got ${MTU}` }];
}
