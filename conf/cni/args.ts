import type { PodIdentity } from '../api/types.ts';
import { CniError } from './errors.ts';

/** What CNI_ARGS carries: `K=V;K=V`, in any order. */
export interface CniArgs {
  /** K8S_POD_NAMESPACE, _NAME and _UID, as containerd, CRI-O and podman send them; empty outside Kubernetes. */
  readonly pod: PodIdentity;
  /** `IP`: addresses asked for by name, with or without prefix length, separated by commas. */
  readonly ips: readonly string[];
  /** `MAC` asked for the container's side. */
  readonly mac?: string;
}

const KNOWN = ['IgnoreUnknown', 'K8S_POD_NAMESPACE', 'K8S_POD_NAME', 'K8S_POD_UID', 'K8S_POD_INFRA_CONTAINER_ID', 'IP', 'MAC'];

/** Parses CNI_ARGS. Errors: `invalid-environment` for a pair without exactly one `=`, and for unknown keys unless IgnoreUnknown is set. */
export function parseCniArgs(text: string): CniArgs {
  const pairs = new Map(text.split(';').filter(Boolean).map(parsePair));
  const unknown = [...pairs.keys()].filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0 && !parseFlag(pairs.get('IgnoreUnknown'))) {
    throw new CniError('invalid-environment', `read CNI_ARGS: unknown keys ${unknown.join(', ')}`, {
      details: 'set IgnoreUnknown=1 in CNI_ARGS to let unknown keys through',
    });
  }
  const mac = pairs.get('MAC');
  return {
    pod: {
      namespace: pairs.get('K8S_POD_NAMESPACE') ?? '',
      name: pairs.get('K8S_POD_NAME') ?? '',
      uid: pairs.get('K8S_POD_UID') ?? '',
    },
    ips: (pairs.get('IP') ?? '').split(',').filter(Boolean),
    ...(mac && { mac }),
  };
}

function parsePair(pair: string): [string, string] {
  const [key = '', value, ...rest] = pair.split('=');
  if (key !== '' && value !== undefined && rest.length === 0) return [key, value];
  throw new CniError('invalid-environment', `read CNI_ARGS: ${JSON.stringify(pair)} is not of the form key=value`);
}

function parseFlag(value: string | undefined): boolean {
  if (value === undefined || /^(0|false)$/i.test(value)) return false;
  if (/^(1|true)$/i.test(value)) return true;
  throw new CniError('invalid-environment', `read CNI_ARGS: IgnoreUnknown=${value} is neither 1, true, 0 nor false`);
}
