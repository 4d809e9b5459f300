import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { attachmentOf, Lab, parseNetwork, Runtime } from './index.ts';

/* Whoever asks for what cannot be gets one sentence. */

const run = promisify(execFile);
const index = JSON.stringify(join(import.meta.dirname, 'index.ts'));
const inventory = JSON.stringify(join(import.meta.dirname, 'lab/inventory.ts'));
const program = `
import { Lab } from ${index};
import { listLabs } from ${inventory};
try { await using lab = await Lab.create({ nodes: { node1: {} } }); } catch (error) { console.log(error.code + ' ' + error.message); }
if (listLabs().some(({ pid }) => pid === process.pid)) console.log('a lab is left');`;
const node = [process.execPath, '--input-type=module-typescript', '--eval', program];

/** What a program that builds a lab says under these circumstances. */
async function whatIsSaid([command = '', ...args]: string[], env = process.env): Promise<string> {
  const { stdout, stderr } = await run(command, args, { env });
  return `${stdout}${stderr}`.trimEnd();
}

describe('a lab that cannot be built', () => {
  it('for want of root', async () => {
    // May read everything, or a checkout below /root could not be loaded.
    const reader = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const said = await whatIsSaid(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...reader, ...node]);
    expect(said).toBe('NOT_ROOT build a lab: it needs root, for namespaces and mounts');
  });

  it('for want of a capability, as in an unprivileged container', async () => {
    const said = await whatIsSaid(['setpriv', '--bounding-set', '-sys_admin,-net_admin', ...node]);
    expect(said).toBe('NO_NAMESPACES build a lab: root lacks CAP_SYS_ADMIN and CAP_NET_ADMIN here (a container needs --privileged)');
  });

  it('in a user namespace', async () => {
    expect(await whatIsSaid(['unshare', '--map-root-user', ...node])).toMatch(
      /^NO_NAMESPACES build a lab: this root is that of a user namespace/,
    );
  });

  it('unless its program is built', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'not-built-'));
    const source = join(import.meta.dirname, '..');
    for (const part of ['test-harness', 'native']) await cp(join(source, part), join(folder, part), { recursive: true });
    for (const part of ['dist/native', 'node_modules', 'package.json']) {
      await mkdir(dirname(join(folder, part)), { recursive: true });
      await symlink(join(source, part), join(folder, part));
    }
    const elsewhere = node.map((word) => word.replace(index, JSON.stringify(join(folder, 'test-harness/index.ts'))));
    expect(await whatIsSaid(elsewhere)).toBe(`NO_PROGRAM start a machine: ${folder}/dist/vm/init is not built (npm run build)`);
    await rm(folder, { recursive: true });
  });

  it('but needs no program of the machine', async () => {
    expect(await whatIsSaid(node, { PATH: '/nowhere' })).toBe('');
  });
});

describe('a plugin that cannot be called', () => {
  it('is not there, or no program, or not a name', async () => {
    await using lab = await Lab.create({ nodes: { node1: {} } });
    const runtime = new Runtime(lab.node('node1'), { pluginDirs: ['/usr/lib/cni', '/opt/cni/bin'] });
    const pod = await lab.node('node1').addPod('web');
    const add = (type: string) => {
      const network = parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'n', plugins: [{ type }] }));
      return runtime.add(network, attachmentOf(pod));
    };
    await expect(add('prp')).rejects.toThrow('find plugin prp: not in /usr/lib/cni, /opt/cni/bin');
    await expect(add('../ptp')).rejects.toThrow('find plugin ../ptp: a name without slashes is needed');
    await lab.node('node1').writeFile('/opt/cni/bin/text', 'hello', 0o644);
    await expect(add('text')).rejects.toThrow(/^ADD by text: failed with only this on stderr: .*Permission denied$/);
  });

  it('has no network of that name', async () => {
    await using lab = await Lab.create({ nodes: { node1: {} } });
    const runtime = new Runtime(lab.node('node1'));
    await expect(runtime.network('net')).rejects.toThrow(/^find network net: none of the \d+ files in \/etc\/cni\/net.d has that name$/);
  });
});
