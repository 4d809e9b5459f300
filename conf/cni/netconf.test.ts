import { expect, test } from 'vitest';
import { CNI_CODES, CniError } from './errors.ts';
import { decodeJson, parseNetConf } from './netconf.ts';

const base = { cniVersion: '1.1.0', name: 'pods', type: 'axoneme-cni' };

function refusal(run: () => unknown): CniError {
  try {
    run();
  } catch (error) {
    if (error instanceof CniError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('reads the least configuration', () => {
  expect(parseNetConf(base, 'ADD')).toEqual({ name: 'pods', version: '1.1.0', runtime: { ips: [] } });
});

test('leaves the rest of ipam, and ipRanges, to the IPAM plugin that it names', () => {
  const conf = { ...base, ipam: { type: 'host-local', subnet: '10.1.0.0/24' }, runtimeConfig: { ipRanges: [[{ subnet: '10.2.0.0/24' }]] } };
  expect(parseNetConf(conf, 'ADD')).toMatchObject({ delegate: 'host-local' });
  for (const verb of ['DEL', 'GC', 'CHECK', 'STATUS'] as const) expect(parseNetConf(conf, verb).delegate).toBe('host-local');
  expect(parseNetConf({ ...base, ipam: 5 }, 'DEL').delegate).toBeUndefined();
});

test('takes a configuration without cniVersion as 0.1.0', () => {
  expect(parseNetConf({ name: 'pods', type: 'axoneme-cni' }, 'ADD').version).toBe('0.1.0');
});

test('reads our own keys and lets the specification’s through', () => {
  const conf = parseNetConf(
    {
      ...base,
      capabilities: { ips: true },
      cniVersions: ['1.1.0'],
      args: { cni: { ips: ['10.0.0.9'], labels: [] } },
      dns: { domain: 'x' },
      ipam: { pool: 'blue' },
      ipMasq: false,
      mtu: 1400,
      root: '/lab/n1',
      'cni.dev/attachments': [],
    },
    'ADD',
  );
  expect(conf).toMatchObject({ pool: 'blue', mtu: 1400, root: '/lab/n1', dns: { domain: 'x' }, runtime: { ips: ['10.0.0.9'] } });
});

test('matches the keys of runtimeConfig in any case', () => {
  const conf = parseNetConf(
    {
      ...base,
      runtimeConfig: {
        IPs: ['10.0.0.7/24'],
        Mac: '02:00:00:00:00:07',
        'io.kubernetes.cri.pod-annotations': { 'ipam.cilium.io/ip-pool': 'green' },
        dns: { Servers: ['10.0.0.10'], Searches: ['svc'], Options: [] },
        portMappings: [],
        bandwidth: {},
        cgroupPath: '/x',
      },
      args: { cni: { ips: ['10.0.0.9'], mac: '02:00:00:00:00:09' } },
    },
    'ADD',
  );
  expect(conf.runtime).toEqual({
    ips: ['10.0.0.7/24'],
    mac: '02:00:00:00:00:07',
    pool: 'green',
    dns: { nameservers: ['10.0.0.10'], search: ['svc'] },
  });
});

test.each([
  [{ ...base, mtuu: 1400 }, 2, 'read mtuu: 1400 is not a key that axoneme knows'],
  [{ ...base, ipam: { type: '../host-local' } }, 7, 'read ipam.type: "../host-local" is not the name of a plugin'],
  [{ ...base, runtimeConfig: { aliases: ['web'] } }, 2, 'read runtimeConfig.aliases: ["web"] is not supported: chain the dnsname plugin'],
  [{ ...base, ipam: { poll: 'x' } }, 2, 'read ipam.poll: "x" is not a key that axoneme knows'],
  [{ ...base, ipMasq: true }, 2, 'read ipMasq: true is not supported'],
  [{ ...base, runtimeConfig: [] }, 7, 'read runtimeConfig: [] is not an object'],
  [{ ...base, runtimeConfig: { ips: [5] } }, 7, 'read runtimeConfig.ips[0]: 5 is not a string'],
  [{ ...base, mtu: '1400' }, 7, 'read mtu: "1400" is not a whole number'],
  [{ ...base, mtu: 67 }, 7, 'read mtu: 67 is outside 68 to 65535'],
  [{ ...base, root: 'lab' }, 7, 'read root: "lab" is not an absolute path'],
  [{ ...base, name: undefined }, 7, 'read name: the network configuration has none'],
  [{ ...base, name: 5 }, 7, 'read name: 5 is not a string'],
  [{ ...base, name: 'a/b' }, 7, 'read name: "a/b" must be letters'],
  [{ ...base, cniVersion: '9.9.9' }, 1, 'accept cniVersion "9.9.9": not supported'],
  [{ ...base, cniVersion: 1 }, 6, 'decode cniVersion: 1 is not a string'],
  [{ ...base, prevResult: { ips: 5 } }, 6, 'read prevResult.ips: 5 is not a list'],
  [[base], 6, 'is not an object'],
  [null, 6, 'is not an object'],
])('refuses %j', (value, code, problem) => {
  const error = refusal(() => parseNetConf(value, 'ADD'));
  expect([CNI_CODES[error.code], error.message]).toEqual([code, expect.stringContaining(problem)]);
});

test('DEL looks at name, version and root only: the configuration may have changed since ADD', () => {
  const conf = parseNetConf({ ...base, mtuu: 5, mtu: 'x', root: '/lab/n1', prevResult: 5, runtimeConfig: 5 }, 'DEL');
  expect(conf).toEqual({ name: 'pods', version: '1.1.0', root: '/lab/n1', runtime: { ips: [] } });
});

test.each([
  ['', 'it is empty'],
  ['{', 'not a JSON text'],
  ['{} x', 'not a JSON text'],
  ['\uFEFF{}', 'not a JSON text'],
])('refuses the text %j', (text, problem) => {
  const error = refusal(() => decodeJson(Buffer.from(text)));
  expect([CNI_CODES[error.code], error.message]).toEqual([6, expect.stringContaining(problem)]);
});

test('refuses bytes that are not UTF-8', () => {
  expect(() => decodeJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow('not a JSON text in UTF-8');
});
