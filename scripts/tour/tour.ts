import { shippedConflist } from '../../test/fixtures/axoneme.ts';
import { TestNode } from '../../test/fixtures/test-node.ts';
import { attachmentOf } from '../../test-harness/index.ts';
import { tcxBpftool } from './bpftool.ts';
import { connectivity } from './matrix.ts';
import { bold, chapter, dim, green, grid, indent, red, say, shown } from './print.ts';
import { addGuest, buildStage } from './stage.ts';

/** Walks a visitor through a node's life. Returns the exit status: 0 when everything that it shows is true. */
export async function tour(): Promise<number> {
  const bpftool = tcxBpftool();
  const started = performance.now();
  say(bold('axoneme: a pod gets a working network, from the CNI call to the packet'));

  chapter(
    'A lab',
    'One node and one outside host, each a set of namespaces of its own, joined by a cable. The machine itself is not touched.',
  );
  await using stage = await buildStage();
  const { node, outside, network } = stage;
  shown('ip -brief address   # node1', await node.run(['ip', '-brief', 'address']));

  chapter('The daemon', 'It loads the eBPF programs once, pins them, makes axo_host and axo_net, and answers on a Unix socket.');
  await using axoneme = await TestNode.start(node, { network });
  shown('ip -brief address   # node1', await node.run(['ip', '-brief', 'address']));

  chapter(
    'Three pods',
    `A runtime calls the plugin with ${shippedConflist.replace(/^.*\/conf\//, 'conf/')}, one process per pod. Most of an ADD is waiting for RCU`,
    "grace periods here, as a tour leaves the machine's knob for them alone; where the daemon may turn it: 3 ms (docs/performance.md).",
  );
  const guests = [await addGuest(axoneme, 'web'), await addGuest(axoneme, 'client'), await addGuest(axoneme, 'db')];
  const made = guests.map(({ pod, addresses, milliseconds }) => [pod.name, ...addresses, `${milliseconds.toFixed(0)} ms`]);
  say(indent(grid([['POD', 'IPv4', 'IPv6', 'ADD'], ...made])));
  const [web, client, db] = guests;
  if (!web || !client || !db) throw new Error('add three pods: fewer came back');
  say();
  shown('ip route   # in pod web', await web.pod.run(['ip', 'route']));
  await axoneme.runtime.check(network, attachmentOf(web.pod));
  say(`   ${green('✓')} CHECK agrees: device, addresses, routes, programs, maps and the owner of the addresses`);

  chapter('Packets', 'Pod to pod, pod to node, pod to outside and back, over both families.');
  const pairs = [
    [client.pod, web.pod],
    [web.pod, db.pod],
    [web.pod, node],
    [node, web.pod],
    [web.pod, outside],
    [outside, web.pod],
  ] as const;
  const matrix = await connectivity(pairs);
  say(indent(matrix.text));
  for (const failure of matrix.failed) say(`   ${red(failure)}`);

  chapter('What an operator sees', 'The same words and tables as Cilium.');
  shown('axoneme status', await axoneme.cli('status'));
  say();
  shown('axoneme endpoint list', await axoneme.cli('endpoint', 'list'));
  say();
  if (bpftool) shown('bpftool net show   # tc part', onlyTc(await node.run([bpftool, 'net', 'show'])));
  else say(`   ${dim('bpftool net show is left out: the bpftool here is older than 7.3 and lists no tcx links')}`);

  chapter('Everything goes', 'DEL for each pod, then the daemon removes its own traces.');
  for (const { pod } of guests) await axoneme.delete(pod);
  shown('axoneme ipam list', await axoneme.cli('ipam', 'list'));
  await axoneme.daemon.stop();
  await axoneme.cli('daemon', '--cleanup');
  shown('ip -brief link; ls /sys/fs/bpf   # node1', await node.run(['sh', '-c', 'ip -brief link; ls /sys/fs/bpf']));
  const left = await node.run([
    'sh',
    '-c',
    'ip -brief link | grep -E "^(lxc|axo_)"; ls /sys/fs/bpf /run/axoneme 2>/dev/null | grep -E "^(axoneme|.*sock)"; true',
  ]);
  say(`   ${left.trim() === '' ? green('✓ nothing of axoneme is left') : red(`left behind: ${left.trim()}`)}`);

  const seconds = (performance.now() - started) / 1000;
  const isProved = matrix.failed.length === 0 && left.trim() === '';
  say(`\n${bold('Proved')} ${dim(`in ${seconds.toFixed(1)} s`)}`);
  say(
    `   ${matrix.tried - matrix.failed.length} of ${matrix.tried} conversations worked: pods, node and outside, IPv4 and IPv6, ICMP, TCP and UDP;`,
  );
  say('   the real plugin executable was called by a real runtime loop, the programs ran as tcx links, and DEL left nothing behind.');
  return isProved ? 0 : 1;
}

/** The tc section of `bpftool net show`, which is where tcx links are listed. */
function onlyTc(text: string): string {
  const [, tc = ''] = /^tc:\n([\s\S]*?)\n\n/m.exec(text) ?? [];
  return tc;
}
