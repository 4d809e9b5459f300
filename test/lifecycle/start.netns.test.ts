import { release } from 'node:os';
import { expect, test } from 'vitest';
import { probeNetkit } from '../../daemon/datapath/device-mode.ts';
import { attachmentOf, diff, formatChanges, Lab, type Node, snapshot } from '../../test-harness/index.ts';
import { dualStack, executables } from '../fixtures/axoneme.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

let lab: Lab;
let node: Node;
sharedFixture(async () => {
  lab = await Lab.create({ nodes: { node1: {} } });
  node = lab.node('node1');
  return lab;
});

/** The state folder, which outlives a daemon on purpose. */
const STATE = [
  'file /run/axoneme  folder',
  'file /run/axoneme/ipam.json',
  'file /run/axoneme/format.json',
  'file /run/axoneme/daemon.lock',
];

/** Starts a daemon that must not come up; answers with the last line of its complaint. It leaves its state folder at most. */
async function refused(argv: readonly string[]): Promise<string> {
  const before = await snapshot(node);
  const { code, stderr } = await node.exec(argv);
  expect(code).toBe(1);
  const changes = formatChanges(diff(before, await snapshot(node))).split('\n');
  expect(changes.filter((change) => change !== '' && !STATE.some((file) => change.endsWith(file)))).toEqual([]);
  return stderr.trim().split('\n').at(-1) ?? '';
}

const daemon = (...options: string[]) => [executables.axoneme, 'daemon', ...options];

test('a place where no bpffs can be mounted is named', async () => {
  await node.writeFile('/var/lib/elsewhere/sys/fs/bpf', 'a file');
  const reason = "EEXIST: file already exists, mkdir '/var/lib/elsewhere/sys/fs/bpf'";
  expect(await refused(daemon('--root', '/var/lib/elsewhere'))).toBe(
    `axoneme daemon: prepare the bpf file system on /var/lib/elsewhere/sys/fs/bpf: ${reason}`,
  );
});

test('a mount that the kernel refuses is named with its reason', async () => {
  await node.run(['umount', '/sys/fs/bpf']);
  const withoutAdmin = ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin', '--'];
  expect(await refused([...withoutAdmin, ...daemon()])).toBe(
    'axoneme daemon: prepare the bpf file system on /sys/fs/bpf: mount bpf on /sys/fs/bpf: operation not permitted',
  );
});

test('a configuration that is not there, or wrong, is named with file and key', async () => {
  expect(await refused(daemon('--config', '/etc/axoneme/none.yaml'))).toBe('axoneme daemon: read /etc/axoneme/none.yaml: no such file');
  await node.writeFile('/etc/axoneme/wrong.yaml', 'ipv4:\n  enabeld: true\n');
  expect(await refused(daemon('--config', '/etc/axoneme/wrong.yaml'))).toBe(
    'axoneme daemon: read /etc/axoneme/wrong.yaml:2: ipv4.enabeld: unknown key; did you mean ipv4.enabled?',
  );
});

test('netkit demanded of a kernel without it is refused before any pod', async () => {
  // On a kernel with netkit there is nothing to refuse.
  if ((await probeNetkit()) === 'yes') return;
  for (const mode of ['netkit', 'netkit-l2']) {
    await node.writeFile('/etc/axoneme/netkit.yaml', `bpf:\n  datapathMode: ${mode}\n`);
    expect(await refused(daemon('--config', '/etc/axoneme/netkit.yaml'))).toBe(
      `axoneme daemon: start with bpf.datapathMode ${mode} on Linux ${release()}: it has no netkit devices, which came with Linux 6.7 ` +
        '(CONFIG_NETKIT); set bpf.datapathMode to auto or veth',
    );
  }
});

test('auto on a kernel without netkit gives pods veth pairs, and status says why', async () => {
  if ((await probeNetkit()) === 'yes') return;
  await using axoneme = await TestNode.start(node, { config: { ...dualStack, bpf: { datapathMode: 'auto' } } });
  const line = (await axoneme.cli('status')).split('\n').find((one) => one.startsWith('Device Mode:'));
  expect(line?.replace(/:\s+/, ': ')).toBe(`Device Mode: veth (auto: Linux ${release()} has no netkit (6.7, CONFIG_NETKIT))`);
  const { pod } = await axoneme.add('web');
  await axoneme.runtime.check(axoneme.network, attachmentOf(pod));
  await axoneme.delete(pod);
});
