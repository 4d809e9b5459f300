import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachmentOf, type Invocation, Lab, type Node, Runtime, runPod, runtimeEnvironment, stopPod, tcpEcho } from '../index.ts';

/** Writes down how it was called, then does as the file /run/behaviour says. */
const witness = `#!/bin/bash
{ echo "$CNI_COMMAND ifname=$CNI_IFNAME netns=\${CNI_NETNS:+set} library=\${LD_LIBRARY_PATH-}"; } >> /run/calls
cat > /run/stdin
. /run/behaviour
`;
const plugins = [{ type: 'witness', capabilities: { portMappings: true, bandwidth: true } }];

describe('a plugin under a runtime', () => {
  let lab: Lab;
  let node: Node;
  const invocations: Invocation[] = [];

  beforeAll(async () => {
    lab = await Lab.create({ nodes: { node1: {} } });
    node = lab.node('node1');
    await node.writeFile('/opt/cni/bin/witness', witness, 0o755);
    await node.writeFile('/etc/cni/net.d/10-n.conflist', JSON.stringify({ cniVersion: '1.0.0', name: 'n', plugins }));
  });
  afterAll(() => lab.close());

  async function behave(script: string): Promise<void> {
    invocations.splice(0);
    await node.writeFile('/run/behaviour', script);
    await node.writeFile('/run/calls', '');
  }
  const runtimeFor = (options = {}) =>
    new Runtime(node, { pluginDirs: ['/opt/cni/bin', '/usr/lib/cni'], onInvocation: (call) => invocations.push(call), ...options });
  const calls = async () => (await node.readFile('/run/calls')).trim().split('\n');
  const answer = `case $CNI_COMMAND in
    ADD) echo '{"cniVersion":"1.0.0"}' ;; VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}' ;; esac`;

  it('is called by containerd with capital keys, a random order of CNI_ARGS, two DELs, and `lo` beside it', async () => {
    await behave(answer);
    const runtime = runtimeFor({ env: runtimeEnvironment('containerd') });
    const network = await runtime.network('n');
    const pod = await node.addPod('containerd', { loopback: false });
    await runPod(runtime, network, pod, 'containerd', {
      ports: [{ host: 8080, container: 80 }],
      bandwidth: { ingress: 1000, egress: 2000 },
    });
    expect(await pod.run(['ip', '-br', 'link', 'show', 'lo'])).toContain('UP');
    const { runtimeConfig } = JSON.parse(await node.readFile('/run/stdin'));
    expect(runtimeConfig.portMappings).toEqual([{ HostPort: 8080, ContainerPort: 80, Protocol: 'tcp', HostIP: '' }]);
    expect(runtimeConfig.bandwidth).toMatchObject({ IngressRate: 1000, EgressBurst: 4294967295 });
    await stopPod(runtime, network, pod, 'containerd');
    expect(await calls()).toEqual([
      'ADD ifname=eth0 netns=set library=/opt/containerd/lib:',
      'DEL ifname=eth0 netns=set library=/opt/containerd/lib:',
      'DEL ifname=eth0 netns= library=/opt/containerd/lib:',
    ]);
    expect(JSON.parse(await node.readFile('/run/stdin'))['prevResult']).toBeUndefined();
  });

  it('is asked by CRI-O for its version first, and CHECKed at once; podman asks as well', async () => {
    const verbs = async (as: 'cri-o' | 'podman') => {
      await behave(answer);
      const runtime = runtimeFor();
      const pod = await node.addPod(as);
      await runPod(runtime, await runtime.network('n'), pod, as, { ports: [{ host: 8080, container: 80 }] });
      const { runtimeConfig } = JSON.parse(await node.readFile('/run/stdin'));
      await stopPod(runtime, await runtime.network('n'), pod, as);
      return [(await calls()).map((line) => line.split(' ')[0]), runtimeConfig?.portMappings?.[0]?.hostPort];
    };
    expect(await verbs('cri-o')).toEqual([['VERSION', 'ADD', 'CHECK', 'DEL'], undefined]);
    expect(await verbs('podman')).toEqual([['VERSION', 'ADD', 'DEL'], 8080]);
  });

  it('is DELeted after a failed ADD, and what DEL says then counts for nothing', async () => {
    await behave('echo "{\\"code\\":11,\\"msg\\":\\"later, at $CNI_COMMAND\\"}"; exit 1');
    const runtime = runtimeFor();
    const pod = await node.addPod('failing');
    await expect(runPod(runtime, await runtime.network('n'), pod, 'podman')).rejects.toThrow('VERSION by witness: later, at VERSION');
    await expect(runPod(runtime, await runtime.network('n'), pod, 'containerd')).rejects.toMatchObject({ code: 11, msg: 'later, at ADD' });
    expect((await calls()).map((line) => line.split(' ')[0])).toEqual(['VERSION', 'ADD', 'DEL']);
  });

  it('is killed at the timeout, it alone: a child that holds its output keeps the call waiting', async () => {
    await behave('sleep 3 & exec sleep 60');
    const runtime = runtimeFor({ timeout: 1500 });
    const pod = await node.addPod('slow');
    const failed = runtime.add(await runtime.network('n'), attachmentOf(pod));
    await expect(failed).rejects.toMatchObject({ code: 0, failure: { timedOut: true } });
    expect(invocations[0]?.result).toMatchObject({ killed: true, signal: 'SIGKILL' });
    expect(invocations[0]?.result.duration).toBeGreaterThan(2900);
    expect(invocations[0]?.result.duration).toBeLessThan(60_000);
  });

  it('may be stopped by its caller', async () => {
    await behave('exec sleep 30');
    const runtime = runtimeFor();
    const pod = await node.addPod('aborted');
    const call = runtime.add(await runtime.network('n'), attachmentOf(pod), { signal: AbortSignal.timeout(150) });
    await expect(call).rejects.toMatchObject({ failure: { timedOut: true } });
  });

  it('keeps what it said on stderr, also when it succeeds', async () => {
    await behave(`echo 'a word of warning' >&2; ${answer}`);
    const runtime = runtimeFor();
    await runtime.add(await runtime.network('n'), attachmentOf(await node.addPod('wordy')));
    expect(invocations[0]?.result.stderr).toBe('a word of warning\n');
  });

  it('works for real pods under containerd: the reference bridge and portmap', async () => {
    const conflist = {
      cniVersion: '1.0.0',
      name: 'real',
      plugins: [
        { type: 'bridge', isGateway: true, ipMasq: true, ipam: { type: 'host-local', ranges: [[{ subnet: '10.79.0.0/24' }]] } },
        { type: 'portmap', capabilities: { portMappings: true }, snat: true },
      ],
    };
    await node.writeFile('/etc/cni/net.d/20-real.conflist', JSON.stringify(conflist));
    const runtime = runtimeFor();
    const network = await runtime.network('real');
    const [web, db] = [await node.addPod('web', { loopback: false }), await node.addPod('db', { loopback: false })];
    for (const pod of [web, db])
      await runPod(runtime, network, pod, 'containerd', { ports: pod === web ? [{ host: 8080, container: 80 }] : [] });
    expect(await tcpEcho(web, db)).toMatchObject({ reached: true });
    expect(await node.run(['iptables-save', '-t', 'nat'])).toContain('--dport 8080');
    for (const pod of [web, db]) await stopPod(runtime, network, pod, 'containerd');
    expect(await node.run(['iptables-save', '-t', 'nat'])).not.toContain('--dport 8080');
  });
});
