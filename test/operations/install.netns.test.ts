import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { attachmentOf, Lab, type Node, Runtime } from '../../test-harness/index.ts';
import { dualStack, executables, shippedConflist } from '../fixtures/axoneme.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';

/* Installing on a node of a lab, whose /opt and /etc are its own. */

const plugin = '/opt/cni/bin/axoneme-cni';
const cold = `${plugin}-cold`;
const confDir = '/etc/cni/net.d';
const conflist = `${confDir}/05-axoneme.conflist`;

let lab: Lab;
let node: Node;
sharedFixture(async () => {
  lab = await Lab.create({ nodes: { node1: {} } });
  node = lab.node('node1');
  await node.writeFile('/etc/axoneme/config.yaml', JSON.stringify(dualStack));
  // A second version: the same program, and a byte more.
  const more = 'for name in axoneme-cni axoneme-cni-cold; do echo >> /opt/next/$name; done';
  await node.run(['sh', '-c', `mkdir -p /opt/next && cp ${executables.plugin} ${executables.cold} /opt/next/ && ${more}`]);
  return lab;
});
beforeEach(() => node.run(['rm', '-rf', '/opt/cni', '/etc/cni']));

const axoneme = (...args: string[]) => node.exec([executables.axoneme, ...args]);
const digest = async (path: string) =>
  createHash('sha256')
    .update(readFileSync(await node.path(path)))
    .digest('hex');
const daemon = async (...options: string[]) => {
  const service = node.spawn([executables.axoneme, 'daemon', ...options]);
  await service.waitForOutput(/"msg":"serving"/);
  return service;
};

describe('axoneme install', () => {
  it('places the plugin, and no network configuration before the datapath is ready', async () => {
    const { code, stdout, stderr } = await axoneme('install', '--wait', '0.5');
    expect([code, stdout]).toEqual([1, `${cold}: placed\n${plugin}: placed\n`]);
    expect(stderr).toContain('wait for the datapath: not ready after 0.5 s: reach the daemon at /run/axoneme/axoneme.sock: no such socket');
    expect([await digest(plugin), await digest(cold)]).toEqual([await digest(executables.plugin), await digest(executables.cold)]);
    expect(await node.listFolder(confDir)).toEqual([]);
  });

  it('waits for the datapath, and then a runtime finds a network that works', async () => {
    const installing = axoneme('install', '--wait', '120');
    await sleep(300);
    await using service = await daemon();
    expect(await installing).toMatchObject({ code: 0, stdout: `${cold}: placed\n${plugin}: placed\n${conflist}: placed\n`, stderr: '' });
    expect(await node.readFile(conflist)).toBe(readFileSync(shippedConflist, 'utf8'));
    expect((await axoneme('install')).stdout).toBe(`${cold}: unchanged\n${plugin}: unchanged\n${conflist}: unchanged\n`);
    const runtime = new Runtime(node);
    const pod = await node.addPod('web');
    await runtime.add(await runtime.network(), attachmentOf(pod));
    const refused = await axoneme('uninstall');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('1 pods need it for their DEL')]);
    expect([await node.exists(conflist), await node.exists(plugin)]).toEqual([false, true]);
    await axoneme('install');
    await runtime.del(await runtime.network(), attachmentOf(pod));
    expect((await axoneme('uninstall')).code).toBe(0);
    expect([await node.listFolder(confDir), await node.listFolder('/opt/cni/bin')]).toEqual([[], []]);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  it('names what runtimes read before it, and a folder without the plugin', async () => {
    await using _ = await daemon();
    await node.writeFile(`${confDir}/00-other.conf`, '{}');
    expect((await axoneme('install')).stderr).toContain('runtimes read 00-other.conf before it');
    expect((await axoneme('install', '--from', '/etc')).stderr).toContain('there is no /etc/axoneme-cni-cold; name its folder with --from');
  });

  it('replaces a plugin that is executed all the time, and no execution fails', async () => {
    await axoneme('install');
    // As many as the machine can do; stops with the first that fails.
    const loop = `while [ ! -e /run/enough ]; do CNI_COMMAND=VERSION ${plugin} </dev/null >/dev/null || exit 1; n=$((n+1)); done; echo executed $n`;
    const running = [node.exec(['sh', '-c', loop], { timeout: 240_000 }), node.exec(['sh', '-c', loop], { timeout: 240_000 })];
    for (const from of ['/opt/next', dirname(executables.plugin), '/opt/next']) {
      expect((await axoneme('install', '--from', from)).stdout).toBe(`${cold}: placed\n${plugin}: placed\n`);
    }
    await node.writeFile('/run/enough', '');
    for (const { code, stdout } of await Promise.all(running)) expect([code, stdout]).toEqual([0, expect.stringMatching(/executed [1-9]/)]);
  });

  it('killed at any moment leaves the old plugin or the new one', async () => {
    await axoneme('install');
    const versions = [await digest(executables.cold), await digest('/opt/next/axoneme-cni-cold')];
    const launchers = [await digest(executables.plugin), await digest('/opt/next/axoneme-cni')];
    const from = ['/opt/next', dirname(executables.plugin)];
    const seen = new Set<string>();
    for (let n = 0; n < 12; n++) {
      const { killed } = await node.exec([executables.axoneme, 'install', '--from', from[n % 2] ?? ''], { timeout: 120 + n * 45 });
      const found = await digest(cold);
      expect(versions).toContain(found);
      expect(launchers).toContain(await digest(plugin));
      seen.add(`${killed} ${found}`);
    }
    expect([...seen].some((outcome) => outcome.startsWith('true'))).toBe(true);
    expect((await node.exec([plugin], { env: { CNI_COMMAND: 'VERSION' } })).code).toBe(0);
  });
});

describe('axoneme daemon --write-cni-conf-when-ready', () => {
  it('writes the network configuration when it serves', async () => {
    await using service = await daemon('--write-cni-conf-when-ready', conflist);
    await service.waitForOutput(/the network configuration is in place/);
    expect(await node.readFile(conflist)).toBe(readFileSync(shippedConflist, 'utf8'));
    expect(await service.stop()).toMatchObject({ code: 0 });
    expect(await node.exists(conflist)).toBe(true);
  });
});
