import { choice, judged, list, optional, regex, section, text, texts } from '../schema/fields.ts';
import { exactlyOne, type Report, rule } from '../schema/rules.ts';
import { isTree } from '../schema/walk.ts';

type Fields = Readonly<Record<string, unknown>>;

const headerMatch = section({
  name: text({ min: 1 }),
  value: optional(text()),
  secret: optional(section({ name: text({ min: 1 }), namespace: optional(text()) })),
  mismatch: optional(choice('LOG', 'ADD', 'DELETE', 'REPLACE')),
});

const http = section({
  method: optional(regex()),
  path: optional(regex()),
  host: optional(regex()),
  headers: optional(list(text())),
  headerMatches: optional(list(headerMatch)),
});

/** A DNS name, whole or with wildcards, by which toFQDNs and DNS rules select. */
export const fqdn = section({
  matchName: optional(judged('a DNS name', (value) => value.length <= 255 && /^[-a-zA-Z0-9_.]+$/.test(value), { maxLength: 255 })),
  matchPattern: optional(
    judged('a DNS name in which * stands for any part', (value) => value.length <= 255 && /^[-a-zA-Z0-9_.*]+$/.test(value), {
      maxLength: 255,
    }),
  ),
}).check(...exactlyOne('matchName', 'matchPattern'));

const kafka = section({
  role: optional(text()),
  apiKey: optional(text()),
  apiVersion: optional(text()),
  clientID: optional(text()),
  topic: optional(text({ max: 255 })),
});

/** What a proxy checks in the traffic of a port. Kafka and generic rules are Cilium's up to 1.18. */
export const l7Rules = section({
  http: optional(list(http)),
  dns: optional(list(fqdn)),
  kafka: optional(list(kafka)),
  l7proto: optional(text()),
  l7: optional(list(texts())),
}).check(rule(checkRules));

function checkRules(fields: Fields, report: Report): void {
  const kinds = ['http', 'dns', 'kafka', 'l7proto'].filter((name) => fields[name] !== undefined);
  if (kinds.length > 1) report([], `expected one of http, dns, kafka and l7proto, got ${kinds.join(' and ')}`);
  if (fields['l7'] !== undefined && fields['l7proto'] === undefined) report(['l7'], 'needs l7proto beside it');
}

/** What no rule of a proxy can have, by the direction and the ports that it stands at. */
export function checkL7(fields: Fields, direction: 'ingress' | 'egress', report: Report): void {
  const rules = isTree(fields['rules']) ? fields['rules'] : undefined;
  if (fields['listener'] !== undefined && direction === 'ingress') report(['listener'], 'is for egress only');
  if (fields['listener'] !== undefined && rules) report(['listener'], 'cannot stand beside rules');
  if (fields['serverNames'] !== undefined && rules && fields['terminatingTLS'] === undefined) {
    report(['serverNames'], 'beside rules need terminatingTLS: encrypted requests cannot be read');
  }
  if (rules) checkPortsOfRules(fields, rules, direction, report);
}

function checkPortsOfRules(fields: Fields, rules: Fields, direction: 'ingress' | 'egress', report: Report): void {
  const ports = (Array.isArray(fields['ports']) ? fields['ports'] : []).filter(isTree);
  if (ports.some(({ port }) => port === '0')) report(['rules'], 'cannot stand beside port "0"');
  const other = ports.find(({ protocol }) => protocol !== 'TCP');
  for (const name of ['http', 'kafka']) {
    if (rules[name] !== undefined && other)
      report(['rules', name], `needs protocol TCP at every port, got ${String(other['protocol'] ?? 'ANY')}`);
  }
  if (rules['dns'] === undefined) return;
  if (direction === 'ingress') report(['rules', 'dns'], 'is for egress only');
  if (ports.length === 0) report(['rules', 'dns'], 'needs ports');
  if (ports.some(({ endPort }) => endPort !== undefined)) report(['rules', 'dns'], 'cannot stand beside a range of ports');
}
