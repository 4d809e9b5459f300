import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = join(import.meta.dirname, 'axoneme-conformance.ts');
const ptp = '/usr/lib/cni/ptp';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe('axoneme-conformance', () => {
  let folder: string;
  let conf: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'conformance-'));
    conf = join(folder, 'net.conf');
    writeFileSync(conf, JSON.stringify({ name: 'net', type: 'ptp', ipam: { type: 'host-local', subnet: '10.77.0.0/24' } }));
    writeFileSync(join(folder, 'bad.conf'), '{');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('ends with 0 when the plugin passes what was asked', async () => {
    const { code, stdout } = await command(['--plugin', ptp, '--conf', conf, '--only', 'del-twice', '--only', 'result-0.4.0']);
    expect(stdout).toMatch(
      /^ok {3}result-0\.4\.0 .*\nok {3}del-twice .*\n\/usr\/lib\/cni\/ptp, versions .*: 2 passed, 0 failed, 0 not applicable\n$/,
    );
    expect(code).toBe(0);
  });

  it('ends with 1 when it does not, and shows the execution', async () => {
    const { code, stdout } = await command(['--plugin', ptp, '--conf', conf, '--only', 'error-version', '-o', 'json']);
    const { items } = JSON.parse(stdout);
    expect(items).toMatchObject([{ id: 'error-version', verdict: 'fail', evidence: [{ stdin: '{', env: { CNI_COMMAND: 'ADD' } }] }]);
    expect(code).toBe(1);
  });

  it('writes JUnit XML', async () => {
    const { stdout } = await command(['--plugin', ptp, '--conf', conf, '--only', 'version-shape', '-o', 'junit']);
    expect(stdout).toContain('<testsuite name="/usr/lib/cni/ptp" tests="1" failures="0" skipped="0"');
  });

  it('runs the set-up command on the node first', async () => {
    writeFileSync(
      join(folder, 'macvlan.conf'),
      JSON.stringify({ type: 'macvlan', master: 'up0', ipam: { type: 'host-local', subnet: '10.77.0.0/24' } }),
    );
    const setup = 'ip link add up0 type veth peer name up1 && ip link set up0 up';
    const args = ['--plugin', '/usr/lib/cni/macvlan', '--conf', join(folder, 'macvlan.conf'), '--only', 'result-1.0.0'];
    expect((await command([...args, '--setup', setup])).code).toBe(0);
    expect((await command(args)).code).toBe(1);
    expect(await command([...args, '--setup', 'echo no such daemon >&2; false'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no such daemon'),
    });
  });

  it('lists the items', async () => {
    const { code, stdout } = await command(['--list', '--only', 'add-ifname-exists']);
    expect(stdout).toBe(
      'add-ifname-exists                    must     since 0.1.0  [2 ADD] fails when CNI_IFNAME exists in the namespace\n',
    );
    expect(code).toBe(0);
  });

  it.each([
    [[], 'test a plugin: --plugin FILE is missing; see --help'],
    [['--plugin', ptp], 'test a plugin: --conf FILE is missing; see --help'],
    [['--plugin', '/no/such', '--conf', 'CONF'], 'test plugin /no/such: there is no such file'],
    [['--plugin', '/etc/passwd', '--conf', 'CONF'], 'test plugin /etc/passwd: the file is not executable'],
    [['--plugin', ptp, '--conf', '/no/such'], "read network configuration /no/such: ENOENT: no such file or directory, open '/no/such'"],
    [['--plugin', '/usr/lib/cni/vlan', '--conf', 'CONF'], 'find vlan in its configuration: the plugins there are ptp'],
    [['--plugin', ptp, '--conf', 'CONF', '--only', 'x'], 'run item x: there is none of that id; see --list'],
    [['--plugin', ptp, '--conf', 'CONF', '-o', 'yaml'], 'write a report as yaml: there is only text, json, junit'],
    [['--frob'], "Unknown option '--frob'; see --help"],
  ])('says in one sentence what is wrong with %j', async (args, sentence) => {
    const { code, stdout, stderr } = await command(args.map((arg) => (arg === 'CONF' ? conf : arg)));
    expect([code, stdout, stderr]).toEqual([2, '', `axoneme-conformance: ${sentence}\n`]);
  });

  it('says that it needs root', async () => {
    const { conformanceCommand } = await import('./conformance-command.ts');
    const words: string[] = [];
    const { getuid } = process;
    process.getuid = () => 1000;
    const code = await conformanceCommand(['--plugin', ptp, '--conf', conf], { out: () => {}, err: (text) => words.push(text) });
    if (getuid !== undefined) process.getuid = getuid;
    expect([code, words.join('')]).toEqual([2, 'axoneme-conformance: build a lab: it needs root, for network namespaces and mounts\n']);
  });
});
