import { expect, it } from 'vitest';
import { newEndpoint, validateRequest } from './plan.ts';

const request = { containerId: 'c1', ifname: 'eth0', netns: '/run/netns/a', pod: { namespace: '', name: '', uid: '' } };
const reserved = { id: 1, addresses: {}, mtu: 1500, createdAt: new Date(0), createdOn: { bootId: 'now', us: 1 } };

it('gives a pod MACs, but for a netkit of layer 3, which has none', () => {
  const veth = newEndpoint(request, { ...reserved, deviceMode: 'veth' });
  expect(veth).not.toHaveProperty('device');
  expect(veth.mac).not.toBe('00:00:00:00:00:00');
  const l3 = newEndpoint(request, { ...reserved, deviceMode: 'netkit' });
  expect(l3).toMatchObject({ device: 'netkit', mac: '00:00:00:00:00:00', hostMac: '00:00:00:00:00:00' });
  const l2 = newEndpoint({ ...request, mac: '02:00:00:00:00:07' }, { ...reserved, deviceMode: 'netkit-l2' });
  expect(l2).toMatchObject({ device: 'netkit-l2', mac: '02:00:00:00:00:07' });
});

it('names no kind for the device of another plugin', () => {
  const device = { hostIfname: 'veth1', hostMac: '02:00:00:00:00:01' };
  const chained = newEndpoint({ ...request, device, mac: '02:00:00:00:00:02' }, { ...reserved, deviceMode: 'netkit' });
  expect(chained).not.toHaveProperty('device');
  expect(chained).toMatchObject({ chained: true, hostMac: '02:00:00:00:00:01', mac: '02:00:00:00:00:02' });
});

it('refuses to promise a MAC to a pod that will have none', () => {
  const asked = { ...request, mac: '02:00:00:00:00:07' };
  expect(() => validateRequest(asked, { routers: {}, device: { mode: 'netkit' } })).toThrow(
    'create endpoint: mac 02:00:00:00:00:07 is asked for, and a netkit of layer 3 has none; bpf.datapathMode netkit-l2 or veth has',
  );
  const device = { hostIfname: 'veth1', hostMac: '02:00:00:00:00:01' };
  for (const mode of ['veth', 'netkit-l2'] as const) validateRequest(asked, { routers: {}, device: { mode } });
  validateRequest({ ...asked, device }, { routers: {}, device: { mode: 'netkit' } });
});
