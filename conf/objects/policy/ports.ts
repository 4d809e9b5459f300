import { portName } from '../../model/syntax.ts';
import { choice, described, integer, judged, list, optional, section, text } from '../schema/fields.ts';
import { type Report, rule } from '../schema/rules.ts';
import { checkL7, l7Rules } from './l7.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Protocols without ports, which the datapath of Cilium knows since 1.19 where they are switched on. */
export const EXTENDED_PROTOCOLS = ['VRRP', 'IGMP', 'GRE', 'IPIP', 'IPV6', 'ESP', 'AH'] as const;

/** Names may have upper case here, and are compared in lower case. */
export function isPolicyPort(value: string): boolean {
  if (/^[0-9]+$/.test(value)) return /^(0|[1-9][0-9]{0,4})$/.test(value) && Number(value) <= 65535;
  return !/^0x/i.test(value) && portName.matches(value.toLowerCase());
}

const port = section({
  port: optional(
    described(
      'Number in quotes, "0" for every port of the protocol, or the name of a port.',
      judged('a port from 0 to 65535 in quotes, or the name of a port', (value) => value === '' || isPolicyPort(value), { maxLength: 15 }),
    ),
  ),
  endPort: optional(integer(0, 65535, 'a port')),
  protocol: optional(choice('TCP', 'UDP', 'SCTP', 'ANY', ...EXTENDED_PROTOCOLS)),
}).check(rule(checkPort));

function checkPort({ port: number, protocol }: Fields, report: Report): void {
  const isExtended = EXTENDED_PROTOCOLS.some((name) => name === protocol);
  const isEmpty = number === undefined || number === '';
  if (isExtended && !isEmpty && number !== '0') report(['port'], `${protocol} has no ports: leave it out, got ${JSON.stringify(number)}`);
  if (!isExtended && isEmpty) report(['port'], 'required field is missing ("0" stands for every port)');
}

const secret = section({ name: text({ min: 1 }), namespace: optional(text()) });

const tlsContext = section({
  secret,
  trustedCA: optional(text()),
  certificate: optional(text()),
  privateKey: optional(text()),
});

const listener = section({
  envoyConfig: section({ kind: optional(choice('CiliumEnvoyConfig', 'CiliumClusterwideEnvoyConfig')), name: text({ min: 1 }) }),
  name: text({ min: 1 }),
  priority: optional(integer(1, 100)),
});

/** Ports of an allow rule, with what a proxy demands of their traffic. */
export const allowPorts = (direction: 'ingress' | 'egress') =>
  section({
    ports: optional(list(port, { max: 40 })),
    rules: optional(l7Rules),
    listener: optional(listener),
    originatingTLS: optional(tlsContext),
    terminatingTLS: optional(tlsContext),
    serverNames: optional(list(text({ min: 1 }), { min: 1 })),
  }).check(rule((fields, report) => checkL7(fields, direction, report)));

/** Ports of a deny rule. */
export const denyPorts = () => section({ ports: optional(list(port, { max: 40 })) });
