import { choice, described, flag, list, optional, section, text } from '../schema/fields.ts';
import { type Report, rule } from '../schema/rules.ts';
import { icmps } from './icmp.ts';
import { destinations, endpointSelector, fqdns, onePeerKind, sources } from './peers.ts';
import { allowPorts, denyPorts } from './ports.ts';

const authentication = section({ mode: choice('disabled', 'required', 'test-always-fail') });

const ingress = section({
  ...sources(),
  toPorts: optional(list(allowPorts('ingress'))),
  icmps: optional(icmps()),
  authentication: optional(authentication),
}).check(onePeerKind);

const egress = section({
  ...destinations(),
  ...fqdns(),
  toPorts: optional(list(allowPorts('egress'))),
  icmps: optional(icmps()),
  authentication: optional(authentication),
}).check(onePeerKind);

const ingressDeny = section({ ...sources(), toPorts: optional(list(denyPorts())), icmps: optional(icmps()) }).check(onePeerKind);
const egressDeny = section({ ...destinations(), toPorts: optional(list(denyPorts())), icmps: optional(icmps()) }).check(onePeerKind);

const SECTIONS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'];

const shape = {
  description: optional(text()),
  labels: optional(list(section({ key: text({ min: 1 }), value: optional(text()), source: optional(text()) }))),
  endpointSelector: optional(described('Pods that the rule is for; {} for all.', endpointSelector())),
  enableDefaultDeny: optional(section({ ingress: optional(flag()), egress: optional(flag()) })),
  ingress: optional(list(ingress)),
  ingressDeny: optional(list(ingressDeny)),
  egress: optional(list(egress)),
  egressDeny: optional(list(egressDeny)),
  log: optional(section({ value: optional(text({ max: 32 })) })),
};

function checkSections(fields: Readonly<Record<string, unknown>>, report: Report): void {
  const isFilled = SECTIONS.some((name) => (Array.isArray(fields[name]) ? fields[name].length > 0 : fields[name] !== undefined));
  if (!isFilled) report([], `expected at least one item in ${SECTIONS.join(', ').replace(/, (\w+)$/, ' or $1')}`);
}

/** The rule of a CiliumNetworkPolicy: for pods of its namespace. */
export const namespacedRule = section(shape).check(
  rule((fields, report) => {
    checkSections(fields, report);
    if (fields['endpointSelector'] === undefined)
      report(['endpointSelector'], 'required field is missing ({} selects all pods of the namespace)');
  }),
);

/** The rule of a CiliumClusterwideNetworkPolicy: for pods of all namespaces, or for nodes. */
export const clusterwideRule = section({
  ...shape,
  nodeSelector: optional(described('Nodes that the rule is for; {} for all.', endpointSelector())),
}).check(
  rule((fields, report) => {
    checkSections(fields, report);
    const there = ['endpointSelector', 'nodeSelector'].filter((name) => fields[name] !== undefined);
    if (there.length !== 1)
      report([], `expected exactly one of endpointSelector and nodeSelector, got ${there.length === 0 ? 'none' : 'both'}`);
  }),
);
