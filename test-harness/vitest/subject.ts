import type { Link, Route } from '../../native/index.ts';
import { HarnessError } from '../errors.ts';
import { NetworkNamespace } from '../lab/namespace.ts';

/** What a matcher answers to vitest. */
export interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The namespace that `expect()` was given; throws BAD_PROBE for anything else, because no negation should pass over that. */
export function subjectOf(received: unknown, matcher: string): NetworkNamespace {
  if (received instanceof NetworkNamespace) return received;
  const found = received === null ? 'null' : typeof received === 'object' ? received.constructor.name : String(received);
  throw new HarnessError('BAD_PROBE', `expect(...).${matcher}: want a pod, node or other machine of a lab, got ${found}`);
}

/** A route as ip-route(8) writes it, as far as it concerns a test. */
export function formatRoute(route: Route, nameOf: (ifindex: number) => string): string {
  const hops = route.nexthops ?? [route];
  const words = hops.map(({ gateway, ifindex }) =>
    [gateway && `via ${gateway}`, ifindex && `dev ${nameOf(ifindex)}`].filter(Boolean).join(' '),
  );
  const rest = [
    route.type === 'unicast' ? '' : `type ${route.type}`,
    route.source && `src ${route.source}`,
    route.mtu && `mtu ${route.mtu}`,
    route.metric && `metric ${route.metric}`,
  ];
  return [route.destination, words.join(' nexthop '), ...rest].filter(Boolean).join(' ');
}

/** Names of devices by number, and back. */
export function deviceNames(links: readonly Link[]): (ifindex: number) => string {
  const names = new Map(links.map((link) => [link.ifindex, link.name]));
  return (ifindex) => names.get(ifindex) ?? `if${ifindex}`;
}

/** Indented lines under a heading; `none` when there are none. */
export function listing(heading: string, lines: readonly string[]): string {
  return [heading, ...(lines.length === 0 ? ['none'] : lines).map((line) => `  ${line}`)].join('\n');
}
