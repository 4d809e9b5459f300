import { describe, expect, it } from 'vitest';
import { decodeObject } from '../decode.ts';
import { ObjectError } from '../error.ts';
import { unsupported } from '../unsupported.ts';

const policy = (spec: object, kind = 'CiliumNetworkPolicy') => ({ apiVersion: 'cilium.io/v2', kind, metadata: { name: 'p' }, spec });
const ingress = (...items: object[]) => policy({ endpointSelector: {}, ingress: items });
const egress = (...items: object[]) => policy({ endpointSelector: {}, egress: items });
const ports = (...list: object[]) => ingress({ toPorts: [{ ports: list }] });
const netpol = (spec: object) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p' }, spec });

function problemsOf(value: unknown): string[] {
  try {
    decodeObject(value, { unknownFields: 'refuse' });
    return [];
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
    return error.problems.map(({ path, reason }) => `${path}: ${reason}`);
  }
}

describe('a Cilium policy with one fault is refused with its path', () => {
  const web = [{ port: '80', protocol: 'TCP' }];
  it.each([
    [{ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'p' } }, ': expected spec or specs, got neither'],
    [policy({ ingress: [{}] }), 'spec.endpointSelector: required field is missing ({} selects all pods of the namespace)'],
    [policy({ endpointSelector: {}, nodeSelector: {}, ingress: [{}] }), 'spec.nodeSelector: unknown field'],
    [
      policy({ ingress: [{}] }, 'CiliumClusterwideNetworkPolicy'),
      'spec: expected exactly one of endpointSelector and nodeSelector, got none',
    ],
    [
      policy({ endpointSelector: {}, nodeSelector: {}, ingress: [{}] }, 'CiliumClusterwideNetworkPolicy'),
      'spec: expected exactly one of endpointSelector and nodeSelector, got both',
    ],
    [policy({ endpointSelector: {}, ingress: [] }), 'spec: expected at least one item in ingress, ingressDeny, egress or egressDeny'],
    [ingress({ fromCIDR: ['10.0.0.0/33'] }), 'spec.ingress[0].fromCIDR[0]: expected a network such as 10.0.0.0/8, got "10.0.0.0/33"'],
    [
      ingress({ fromCIDRSet: [{ cidr: '10.0.0.1' }] }),
      'spec.ingress[0].fromCIDRSet[0].cidr: expected a network such as 10.0.0.0/8, got "10.0.0.1"',
    ],
    [
      ingress({ fromCIDRSet: [{ cidr: '10.0.0.0/8', cidrGroupRef: 'x' }] }),
      'spec.ingress[0].fromCIDRSet[0]: expected exactly one of cidr, cidrGroupRef, cidrGroupSelector, got cidr and cidrGroupRef',
    ],
    [
      ingress({ fromCIDRSet: [{ cidr: '10.0.0.0/8', except: ['fd00::/8'] }] }),
      'spec.ingress[0].fromCIDRSet[0].except[0]: fd00::/8 is not inside 10.0.0.0/8',
    ],
    [
      ingress({ fromCIDR: ['10.0.0.0/8'], fromEntities: ['host'] }),
      'spec.ingress[0].fromEntities: cannot stand beside fromCIDR in one item: write one item for each',
    ],
    [
      ingress({ icmps: [{ fields: [{ type: 8 }] }], toPorts: [{ ports: web }] }),
      'spec.ingress[0].icmps: cannot stand beside toPorts in one item',
    ],
    [
      ingress({ icmps: [{ fields: [{ family: 'IPv6', type: 'Redirect' }] }] }),
      'spec.ingress[0].icmps[0].fields[0].type: expected an ICMP type from 0 to 255 or its name in IPv6, got "Redirect"',
    ],
    [ports({ port: '65536' }), 'spec.ingress[0].toPorts[0].ports[0].port: expected a port from 0 to 65535 in quotes'],
    [ports({ port: '080' }), 'spec.ingress[0].toPorts[0].ports[0].port: expected a port from 0 to 65535 in quotes'],
    [ports({ port: '0x50' }), 'spec.ingress[0].toPorts[0].ports[0].port: expected a port from 0 to 65535 in quotes'],
    [
      ports({ port: 80 }),
      'spec.ingress[0].toPorts[0].ports[0].port: expected a port from 0 to 65535 in quotes, or the name of a port, got 80 (write "80")',
    ],
    [ports({}), 'spec.ingress[0].toPorts[0].ports[0].port: required field is missing ("0" stands for every port)'],
    [ports({ port: '80', protocol: 'GRE' }), 'spec.ingress[0].toPorts[0].ports[0].port: GRE has no ports: leave it out, got "80"'],
    [ports(...Array(41).fill({ port: '1' })), 'spec.ingress[0].toPorts[0].ports: expected at most 40 entries'],
    [ingress({ fromRequires: [{}] }), 'spec.ingress[0].fromRequires: was removed in Cilium 1.19: add its labels to each selector'],
    [
      ingress({ fromEndpoints: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] }),
      'spec.ingress[0].fromEndpoints[0].matchExpressions[0].values: operator In needs at least one value',
    ],
    [
      ingress({ fromEndpoints: [{ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] }] }),
      'spec.ingress[0].fromEndpoints[0].matchExpressions[0].values: operator Exists takes no values',
    ],
    [
      egress({ toPorts: [{ ports: web, rules: { http: [], dns: [] } }] }),
      'spec.egress[0].toPorts[0].rules: expected one of http, dns, kafka and l7proto, got http and dns',
    ],
    [ingress({ toPorts: [{ ports: web, rules: { dns: [] } }] }), 'spec.ingress[0].toPorts[0].rules.dns: is for egress only'],
    [
      ingress({ toPorts: [{ ports: [{ port: '80' }], rules: { http: [] } }] }),
      'spec.ingress[0].toPorts[0].rules.http: needs protocol TCP at every port, got ANY',
    ],
    [
      ingress({ toPorts: [{ ports: web, rules: { http: [{ path: '(' }] } }] }),
      'spec.ingress[0].toPorts[0].rules.http[0].path: expected a regular expression, got "("',
    ],
    [ingress({ toPorts: [{ ports: web, rules: { l7: [] } }] }), 'spec.ingress[0].toPorts[0].rules.l7: needs l7proto beside it'],
    [
      ingress({ toPorts: [{ ports: web, listener: { envoyConfig: { name: 'x' }, name: 'y' } }] }),
      'spec.ingress[0].toPorts[0].listener: is for egress only',
    ],
    [ingress({ toPorts: [{ ports: web, serverNames: [] }] }), 'spec.ingress[0].toPorts[0].serverNames: expected at least 1 entry'],
    [
      egress({ toFQDNs: [{ matchName: 'a', matchPattern: 'b' }] }),
      'spec.egress[0].toFQDNs[0]: expected exactly one of matchName, matchPattern',
    ],
    [egress({ toFQDNs: [{ matchName: '*.a' }] }), 'spec.egress[0].toFQDNs[0].matchName: expected a DNS name, got "*.a"'],
    [egress({ toServices: [{}] }), 'spec.egress[0].toServices[0]: expected exactly one of k8sService, k8sServiceSelector, got none'],
    [
      policy({ endpointSelector: {}, ingress: [{}], log: { value: 'x'.repeat(33) } }),
      'spec.log.value: expected text of 0 to 32 characters',
    ],
  ])('%#: %j', (value, problem) => {
    const problems = problemsOf(value);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('every rule of specs is checked, not only the last', () => {
    const good = { endpointSelector: {}, ingress: [{}] };
    const { spec: _, ...rest } = policy({});
    expect(problemsOf({ ...rest, specs: [{ endpointSelector: {} }, { ingress: [{}] }, good] })).toHaveLength(2);
  });
});

describe('a NetworkPolicy with one fault is refused with its path', () => {
  const from = (peer: object) => netpol({ ingress: [{ from: [peer] }] });
  const port = (value: object) => netpol({ ingress: [{ ports: [value] }] });
  it.each([
    [from({}), 'spec.ingress[0].from[0]: expected podSelector, namespaceSelector, ipBlock, got none of them'],
    [
      from({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
      'spec.ingress[0].from[0].ipBlock: cannot stand beside selectors in one item',
    ],
    [from({ ipBlock: {} }), 'spec.ingress[0].from[0].ipBlock.cidr: required field is missing'],
    [
      from({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }),
      'spec.ingress[0].from[0].ipBlock.except[0]: 10.0.0.0/8 is all of 10.0.0.0/8',
    ],
    [
      from({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }),
      'spec.ingress[0].from[0].ipBlock.except[0]: 11.0.0.0/16 is not inside 10.0.0.0/8',
    ],
    [port({ port: 0 }), 'spec.ingress[0].ports[0].port: expected a port from 1 to 65535, got 0'],
    [port({ port: 'a_b' }), 'spec.ingress[0].ports[0].port: expected a port name'],
    [port({ port: '80' }), 'spec.ingress[0].ports[0].port: expected a port name'],
    [port({ protocol: 'ANY' }), 'spec.ingress[0].ports[0].protocol: expected TCP, UDP or SCTP, got "ANY"'],
    [port({ endPort: 80 }), 'spec.ingress[0].ports[0].endPort: needs port, where the range begins'],
    [port({ port: 'http', endPort: 80 }), 'spec.ingress[0].ports[0].endPort: cannot stand beside the name of a port, "http"'],
    [port({ port: 81, endPort: 80 }), 'spec.ingress[0].ports[0].endPort: 80 is below port 81'],
    [netpol({ policyTypes: ['Both'] }), 'spec.policyTypes[0]: expected Ingress or Egress, got "Both"'],
    [netpol({ podSelector: { matchLabels: { 'k8s:a': 'b' } } }), 'spec.podSelector.matchLabels[k8s:a]: expected a name of letters'],
  ])('%#: %j', (value, problem) => {
    const problems = problemsOf(value);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});

describe('unsupported', () => {
  const fields = (value: object) =>
    unsupported(decodeObject(value, { unknownFields: 'refuse' })).map(({ path, feature }) => `${path}: ${feature}`);

  it('names every field of a policy that asks for more than addresses and ports', () => {
    const toPorts = [
      { ports: [{ port: '80', protocol: 'TCP' }] },
      { ports: [{ port: '53', protocol: 'UDP' }, { protocol: 'ESP' }], rules: { dns: [{ matchPattern: '*' }] } },
      { ports: [{ port: '443', protocol: 'TCP' }], serverNames: ['a'], originatingTLS: { secret: { name: 's' } } },
    ];
    const items = [{ toFQDNs: [{ matchName: 'a.b' }] }, { toEndpoints: [{}], toPorts, authentication: { mode: 'required' } }];
    expect(fields(egress(...items))).toEqual([
      'spec.egress[0].toFQDNs: rules by DNS name',
      'spec.egress[1].authentication: mutual authentication',
      'spec.egress[1].toPorts[1].rules: L7 rules',
      'spec.egress[1].toPorts[2].originatingTLS: TLS interception',
      'spec.egress[1].toPorts[2].serverNames: rules by TLS server name',
      'spec.egress[1].toPorts[1].ports[1].protocol: protocols without ports',
    ]);
  });

  it('names the host firewall and rules of specs', () => {
    const value = { ...policy({}, 'CiliumClusterwideNetworkPolicy'), specs: [{ nodeSelector: {}, ingress: [{}] }] };
    const { spec: _, ...object } = value;
    expect(fields(object)).toEqual(['specs[0].nodeSelector: the host firewall']);
  });

  it('finds nothing in rules for addresses and ports, nor in switched-off authentication', () => {
    const item = { fromEntities: ['host'], authentication: { mode: 'disabled' }, toPorts: [{ ports: [{ port: '80' }] }] };
    expect(fields(ingress(item))).toEqual([]);
    expect(fields(netpol({ podSelector: {} }))).toEqual([]);
  });
});
