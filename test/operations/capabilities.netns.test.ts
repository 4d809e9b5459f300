import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { attachmentOf, Lab, type Node, parseNetwork, ping, Runtime, type Service } from '../../test-harness/index.ts';
import { dualStack, executables, shippedConflist } from '../fixtures/axoneme.ts';
import { shimPlugins } from '../fixtures/plugin-variants.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { keptCapabilities, withCapabilities } from '../fixtures/unit-file.ts';

/* The daemon with the capabilities of its unit file and no other; the plugin has those of its runtime, which is root. */

const network = parseNetwork(readFileSync(shippedConflist, 'utf8'), shippedConflist);
const daemon = [executables.axoneme, 'daemon'];

let lab: Lab;
let node: Node;
let runtime: Runtime;
sharedFixture(async () => {
  lab = await Lab.create({ nodes: { node1: {} }, hosts: { outside: {} }, links: [{ between: ['node1', 'outside'] }] });
  node = lab.node('node1');
  // Without a cold executable: the daemon serves every call itself.
  runtime = new Runtime(node, { pluginDirs: [await shimPlugins(node)] });
  await node.writeFile('/etc/axoneme/config.yaml', JSON.stringify(dualStack));
  return lab;
});

async function serve(capabilities: readonly string[]): Promise<Service> {
  const service = node.spawn(withCapabilities(capabilities, daemon));
  await service.waitForOutput(/"msg":"serving"/);
  return service;
}

/** Everything that a runtime asks for, with traffic between. */
async function everyVerb(): Promise<void> {
  const pod = await node.addPod('web');
  await runtime.status(network);
  await runtime.add(network, attachmentOf(pod));
  await runtime.check(network, attachmentOf(pod));
  for (const router of ['10.0.0.1', 'fd00::1']) expect(await ping(pod, router)).toMatchObject({ reached: true });
  await runtime.del(network, attachmentOf(pod));
  await node.removePod(pod);
}

describe('with the capabilities of the unit file', () => {
  it('the daemon starts on a bare node, serves every verb, and starts again over what is there', async () => {
    await using first = await serve(keptCapabilities());
    const status = readFileSync(`/proc/${first.pid}/status`, 'utf8');
    const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1]}`);
    expect(effective.toString(2).replaceAll('0', '')).toHaveLength(keptCapabilities().length);
    await everyVerb();
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    await using second = await serve(keptCapabilities());
    await everyVerb();
    await second.stop();
  });

  it('the daemon needs no folder but its own to be writable: ProtectSystem=strict', async () => {
    // Where nothing is unpacked yet.
    await node.run(['sh', '-c', `mkdir -p /opt/fresh && cp ${executables.axoneme} /opt/fresh/`]);
    const readOnly = 'for top in /opt /etc; do mount --bind $top $top && mount -o remount,bind,ro $top || exit 1; done; exec "$@"';
    const fresh = withCapabilities(keptCapabilities(), ['/opt/fresh/axoneme', 'daemon']);
    await using service = node.spawn(['unshare', '--mount', 'sh', '-c', readOnly, 'sh', ...fresh]);
    await service.waitForOutput(/"msg":"serving"/);
    expect(await node.listFolder('/var/lib/axoneme')).toHaveLength(1);
    await everyVerb();
    await service.stop();
  });

  /** What the daemon says when it lacks one. */
  const complaints: Readonly<Record<string, string>> = {
    net_admin: 'create veth axo_host: operation not permitted',
    bpf: 'bpf_object__load: Operation not permitted',
    perfmon: 'bpf_object__load: Permission denied',
  };

  it.each(keptCapabilities())('each is needed: without %s the daemon does not start', async (name) => {
    await node.run([...daemon, '--cleanup']);
    const others = keptCapabilities().filter((other) => other !== name);
    const { code, stderr } = await node.exec(withCapabilities(others, daemon));
    expect(code).toBe(1);
    expect(stderr).toContain(complaints[name]);
  });
});
