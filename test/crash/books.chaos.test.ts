import { expect, test } from 'vitest';
import { readBooks } from '../fixtures/crash/books.ts';
import { CrashLab } from '../fixtures/crash/crash-lab.ts';

test('the books name whatever is too much or missing', async () => {
  await using crashLab = await CrashLab.open({ pods: true, failpoints: false });
  const { node } = crashLab;
  expect((await readBooks(node)).problems).toEqual([]);
  await node.run(['ip', 'link', 'add', 'lxc0123456789', 'type', 'veth', 'peer', 'name', 'stray']);
  await node.run(['mkdir', '/sys/fs/bpf/axoneme/v1/links/lxc9876543210']);
  await node.run(['mv', '/run/axoneme/endpoints/1.json', '/run/axoneme/endpoints/9.json']);
  await node.writeFile('/run/axoneme/delete-queue/a.json.7.tmp', '');
  await node.writeFile('/run/axoneme/rcu-expedited.tmp', '');
  await node.writeFile('/run/axoneme/rcu-expedited', '0');
  await node.run(['sh', '-c', 'echo 1 > /sys/kernel/rcu_expedited']);
  expect((await readBooks(node)).problems).toEqual([
    'record 9.json belongs to nobody',
    'record 1.json is missing',
    'device lxc0123456789 belongs to nobody',
    'pinned link lxc9876543210/ belongs to nobody',
    'queued delete a.json.7.tmp belongs to nobody',
    'temporary file rcu-expedited.tmp belongs to nobody',
    'rcu_expedited is 1',
    'the saved value of rcu_expedited is still there',
  ]);
});
