import { afterAll, beforeAll, expect, it } from 'vitest';
import { attachmentOf, parseNetwork } from '../../test-harness/index.ts';
import { CrashLab } from '../fixtures/crash/crash-lab.ts';
import { patiently } from '../fixtures/try-again.ts';

const address = '10.1.0.2';

/** A main plugin whose pair is there already: it tells of it, and takes nothing away. */
const other = `#!/bin/sh
cat > /dev/null
[ "$CNI_COMMAND" = ADD ] || exit 0
echo '{"cniVersion":"1.0.0","interfaces":[{"name":"'$CNI_IFNAME'","sandbox":"'$CNI_NETNS'"}],"ips":[{"interface":0,"address":"${address}/32"}]}'
`;
const network = parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'chain', plugins: [{ type: 'other' }, { type: 'axoneme-cni' }] }));

let crashLab: CrashLab;
beforeAll(async () => {
  crashLab = await CrashLab.open({ pods: false, network });
  await crashLab.node.writeFile('/opt/plugins/other', other, 0o755);
});
afterAll(() => crashLab[Symbol.asyncDispose]());

it.each(['l2', 'l3'] as const)('a netkit (%s) of another plugin is refused in words, and left alone', async (mode) => {
  const pod = await crashLab.node.addPod(`p-${mode}`);
  using netlink = await crashLab.node.netlink();
  using inside = await pod.netlink();
  using netns = pod.netns();
  await netlink.links.create({
    kind: 'netkit',
    name: `nk-${mode}`,
    mode,
    policy: 'forward',
    peerPolicy: 'forward',
    peer: { name: 'eth0', netns },
  });
  const before = await netlink.links.get(`nk-${mode}`);
  await expect(patiently(() => crashLab.runtime.add(network, attachmentOf(pod)))).rejects.toMatchObject({
    code: 7,
    msg:
      `adopt eth0 in ${pod.netnsPath}: it is of kind netkit, and only a veth pair with the node can be adopted; ` +
      'let the plugin before axoneme-cni make one, or put axoneme-cni first',
  });
  await crashLab.expectBooks();
  await patiently(() => crashLab.delete(pod));
  await crashLab.expectBooks();
  expect(await netlink.links.get(`nk-${mode}`)).toEqual(before);
  expect(await inside.links.find('eth0')).toBeDefined();
  await netlink.links.delete(before.ifindex);
});
