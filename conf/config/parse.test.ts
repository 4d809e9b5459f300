import { describe, expect, it } from 'vitest';
import { defaultConfig } from './defaults.ts';
import { ConfigError } from './error.ts';
import { parseConfig } from './parse.ts';

function reasons(value: unknown): string[] {
  try {
    parseConfig(value);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, reason }) => `${path}: ${reason}`);
  }
}

describe('what is left out', () => {
  it.each([[undefined], [null], [{}], [{ ipam: null, devices: '', MTU: null }]])('%j has the defaults', (value) => {
    expect(parseConfig(value)).toEqual({ config: defaultConfig, ignored: [] });
  });

  it('has the defaults of the chart', () => {
    expect(defaultConfig).toMatchObject({
      ipam: { mode: 'cluster-pool', operator: { clusterPoolIPv4PodCIDRList: ['10.0.0.0/8'], clusterPoolIPv4MaskSize: 24 } },
      ipv4: { enabled: true },
      ipv6: { enabled: false },
    });
  });

  it('is frozen to the bottom', () => {
    const { config } = parseConfig({ ipam: { operator: { clusterPoolIPv4PodCIDRList: ['10.1.0.0/16'] } } });
    expect(Object.isFrozen(config.ipam.operator.clusterPoolIPv4PodCIDRList)).toBe(true);
    expect(Object.isFrozen(defaultConfig.bpf)).toBe(true);
  });
});

describe('values that people have', () => {
  it('cluster-pool with small blocks', () => {
    const ipam = {
      mode: 'cluster-pool',
      operator: { clusterPoolIPv4MaskSize: 29, clusterPoolIPv4PodCIDRList: ['172.20.42.0/28', '172.20.84.0/28'] },
    };
    expect(parseConfig({ ipam }).config.ipam).toMatchObject(ipam);
  });

  it('multi-pool with its networks as one string', () => {
    const ipam = {
      mode: 'multi-pool',
      operator: { autoCreateCiliumPodIPPools: { default: { ipv4: { cidrs: '172.20.0.0/16', maskSize: 28 } } } },
    };
    expect(parseConfig({ ipam }).config.ipam.operator.autoCreateCiliumPodIPPools).toEqual({
      default: { ipv4: { cidrs: ['172.20.0.0/16'], maskSize: 28 } },
    });
  });

  it('quoted booleans and numbers, lists as strings', () => {
    const { config } = parseConfig({
      ipv6: { enabled: 'true' },
      MTU: '1450',
      devices: 'eth0 ens+, wlan0',
      bpf: { monitorAggregation: 'none' },
    });
    expect(config).toMatchObject({
      ipv6: { enabled: true },
      MTU: 1450,
      devices: ['eth0', 'ens+', 'wlan0'],
      bpf: { monitorAggregation: 'none' },
    });
  });

  it('is a configuration file itself when printed', () => {
    const { config } = parseConfig({ ipv6: { enabled: true }, devices: ['eth0'] });
    expect(parseConfig(JSON.parse(JSON.stringify(config))).config).toEqual(config);
  });
});

describe('keys of the chart', () => {
  it('that do not concern us are named once', () => {
    const value = {
      image: { tag: 'v1.18.0' },
      operator: { replicas: 1 },
      loadBalancer: { algorithm: 'maglev' },
      ipam: { ciliumNodeUpdateRate: '15s' },
    };
    expect(parseConfig(value).ignored).toEqual(['image', 'operator', 'loadBalancer', 'ipam.ciliumNodeUpdateRate']);
  });

  it('that switch off what we do not have are silent', () => {
    const value = {
      hubble: { enabled: false },
      encryption: { enabled: 'false' },
      kubeProxyReplacement: 'false',
      cni: { chainingMode: 'none' },
    };
    expect(parseConfig(value).ignored).toEqual([]);
  });

  it.each([
    [{ kubeProxyReplacement: 'true' }, 'kubeProxyReplacement: "true" is not supported yet (service load balancing)'],
    [{ socketLB: { enabled: true, hostNamespaceOnly: false } }, 'socketLB.enabled: true is not supported yet (service load balancing)'],
    [{ encryption: { enabled: true, type: 'wireguard' } }, 'encryption.enabled: true is not supported yet (encryption)'],
    [{ routingMode: 'tunnel' }, 'routingMode: "tunnel" is not supported yet (tunnel routing)'],
    [{ bpf: { datapathMode: 'netkit-l3' } }, 'bpf.datapathMode: expected veth, netkit, netkit-l2 or auto, got "netkit-l3"'],
    [{ ipam: { mode: 'eni' } }, 'ipam.mode: "eni" is not supported yet (IPAM by Kubernetes or a cloud)'],
    [{ policyEnforcementMode: 'always' }, 'policyEnforcementMode: "always" is not supported yet (policy)'],
  ])('%j is refused', (value, reason) => {
    expect(reasons(value)).toEqual([reason]);
  });
});

describe('mistakes', () => {
  it.each([
    [{ ipma: {} }, 'ipma: unknown key; did you mean ipam?'],
    [
      { ipam: { operator: { clusterPoolIPv4MaskSiz: 24 } } },
      'ipam.operator.clusterPoolIPv4MaskSiz: unknown key; did you mean ipam.operator.clusterPoolIPv4MaskSize?',
    ],
    [{ kubeproxyreplacement: true }, 'kubeproxyreplacement: unknown key; did you mean kubeProxyReplacement?'],
    [{ bpf: { masqerade: true } }, 'bpf.masqerade: unknown key; did you mean bpf.masquerade?'],
    [{ zebra: 1 }, 'zebra: unknown key'],
    [{ ipv6: { enabled: 'maybe' } }, 'ipv6.enabled: expected true or false, got "maybe"'],
    [{ ipv6: true }, 'ipv6: expected keys and values, got true'],
    [{ MTU: 70000 }, 'MTU: expected a whole number from 0 to 65535, got 70000'],
    [{ MTU: '1500x' }, 'MTU: expected a whole number from 0 to 65535, got "1500x"'],
    [{ MTU: 100 }, 'MTU: expected 0 or at least 576, got 100'],
    [{ MTU: 1000, ipv6: { enabled: true } }, 'MTU: expected 0 or at least 1280, got 1000'],
    [{ ipam: { mode: 'custom' } }, 'ipam.mode: expected cluster-pool or multi-pool, got "custom"'],
    [
      { ipam: { operator: { clusterPoolIPv4PodCIDRList: ['10.0.0.0/8', '10.0.0.1/8'] } } },
      'ipam.operator.clusterPoolIPv4PodCIDRList.1: expected an IPv4 network such as 10.0.0.0/8, got "10.0.0.1/8"',
    ],
    [
      { ipam: { operator: { clusterPoolIPv4PodCIDRList: 'fd00::/104' } } },
      'ipam.operator.clusterPoolIPv4PodCIDRList: expected an IPv4 network such as 10.0.0.0/8, got "fd00::/104"',
    ],
    [
      { ipam: { mode: 'multi-pool' } },
      'ipam.operator.autoCreateCiliumPodIPPools: mode multi-pool needs a pool named default, from which the router address comes',
    ],
    [{ ipv4: { enabled: false } }, 'ipv4.enabled: false, and so is ipv6.enabled: pods would have no address'],
    [
      { ipam: { operator: { clusterPoolIPv4PodCIDRList: ['10.0.0.0/24', '10.1.0.0/28'] } } },
      'ipam.operator.clusterPoolIPv4MaskSize: a block of /24 does not fit into 10.1.0.0/28',
    ],
    [
      { ipam: { operator: { clusterPoolIPv4PodCIDRList: [] } } },
      'ipam.operator.clusterPoolIPv4PodCIDRList: has no network, so that no pod could get an address',
    ],
    [
      {
        ipam: {
          mode: 'multi-pool',
          operator: {
            autoCreateCiliumPodIPPools: {
              default: { ipv4: { cidrs: '10.0.0.0/8', maskSize: 24 } },
              vac: { ipv4: { cidrs: '192.0.2.0/24 10.100.0.0/16', maskSize: 29 } },
            },
          },
        },
      },
      'ipam.operator.autoCreateCiliumPodIPPools.vac.ipv4.cidrs: 10.100.0.0/16 overlaps 10.0.0.0/8',
    ],
    ...[
      ['0.0.0.0/8', '0.0.0.0/8, which means "this host"'],
      ['127.1.0.0/16', '127.0.0.0/8, which is loopback'],
      ['169.254.0.0/16', '169.254.0.0/16, which is link-local'],
      ['224.0.0.0/3', '224.0.0.0/4, which is multicast'],
    ].map(([cidr, what]): [unknown, string] => [
      { ipam: { operator: { clusterPoolIPv4PodCIDRList: [cidr] } } },
      `ipam.operator.clusterPoolIPv4PodCIDRList: ${cidr} overlaps ${what}`,
    ]),
    [
      { ipam: { operator: { clusterPoolIPv4PodCIDRList: ['255.255.255.0/24'], clusterPoolIPv4MaskSize: 32 } } },
      'ipam.operator.clusterPoolIPv4PodCIDRList: 255.255.255.0/24 overlaps 255.255.255.255/32, which is broadcast',
    ],
    ...[
      ['::/96', '::/96, which is reserved for loopback and the unspecified address'],
      ['::ffff:a00:0/104', '::ffff:0:0/96, which stands for IPv4'],
      ['fe80::/64', 'fe80::/10, which is link-local'],
      ['ff00::/8', 'ff00::/8, which is multicast'],
    ].map(([cidr, what]): [unknown, string] => [
      { ipv6: { enabled: true }, ipam: { operator: { clusterPoolIPv6PodCIDRList: [cidr] } } },
      `ipam.operator.clusterPoolIPv6PodCIDRList: ${cidr} overlaps ${what}`,
    ]),
    [{ devices: ['a/b'] }, 'devices.0: expected a device name, got "a/b"'],
  ])('%j is refused', (value, reason) => {
    expect(reasons(value)).toEqual([reason]);
  });

  it('are all reported, not only the first', () => {
    expect(reasons({ MTU: -1, hubble: { enabled: true }, ipam: { mod: 'x' } })).toHaveLength(3);
  });

  it.each([['text'], [[1]], [7]])('%j is no configuration', (value) => {
    expect(() => parseConfig(value)).toThrow('read configuration: expected keys and values');
  });

  it('carry a code, the path and the reason', () => {
    expect(() => parseConfig({ MTU: true })).toThrow(
      expect.objectContaining({ code: 'CONFIG', path: 'MTU', reason: 'expected a whole number from 0 to 65535, got true' }),
    );
  });
});
