import { expect, it } from 'vitest';
import { chooseDeviceMode } from './device-mode.ts';

const kernelSays = (answer: 'yes' | 'no' | 'inconclusive') => async () => answer;

it('auto takes netkit where the kernel has it, and veth where it has not or does not tell', async () => {
  expect(await chooseDeviceMode('auto', '6.12.9', kernelSays('yes'))).toEqual({
    mode: 'netkit',
    reason: 'auto: Linux 6.12.9 has netkit',
  });
  expect(await chooseDeviceMode('auto', '6.1.0-18', kernelSays('no'))).toEqual({
    mode: 'veth',
    reason: 'auto: Linux 6.1.0-18 has no netkit (6.7, CONFIG_NETKIT)',
  });
  expect(await chooseDeviceMode('auto', '6.12.9', kernelSays('inconclusive'))).toMatchObject({ mode: 'veth' });
});

it('veth asks no kernel', async () => {
  const ask = () => Promise.reject(new Error('asked'));
  expect(await chooseDeviceMode('veth', '6.12.9', ask)).toEqual({ mode: 'veth', reason: 'bpf.datapathMode is veth' });
});

it.each(['netkit', 'netkit-l2'] as const)('%s is taken by its word, and refused where the kernel lacks it', async (wanted) => {
  expect(await chooseDeviceMode(wanted, '6.12.9', kernelSays('yes'))).toEqual({ mode: wanted, reason: `bpf.datapathMode is ${wanted}` });
  expect(await chooseDeviceMode(wanted, '6.12.9', kernelSays('inconclusive'))).toMatchObject({ mode: wanted });
  await expect(chooseDeviceMode(wanted, '6.18.44', kernelSays('no'))).rejects.toThrow(
    `start with bpf.datapathMode ${wanted} on Linux 6.18.44: it has no netkit devices, which came with Linux 6.7 (CONFIG_NETKIT); ` +
      'set bpf.datapathMode to auto or veth',
  );
});
