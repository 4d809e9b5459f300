import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../conf/config/parse.ts';
import { paths } from '../conf/paths.ts';
import { table } from './commands.ts';
import { axoneme, bodies, type FakeDaemon, fakeDaemon, health, ipam, status } from './fixtures.ts';

let daemon: FakeDaemon;
beforeAll(async () => {
  daemon = await fakeDaemon();
});
afterAll(() => daemon[Symbol.asyncDispose]());

describe('tables', () => {
  it.each([
    'status',
    'status --verbose',
    'endpoint list',
    'endpoint list -o wide',
    'endpoint get 331',
    'endpoint get f00d',
    'ipam list',
    'bpf endpoint list',
    'bpf ipcache list',
    'config view',
  ])('axoneme %s', async (line) => {
    const { code, stdout, stderr } = await daemon.axoneme(...line.split(' '));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchSnapshot();
  });

  it('of several pools have a row per pool in the status', async () => {
    const pools = [
      { name: 'default', family: 4, cidrs: ['172.20.0.48/28', '172.20.0.80/28'], allocated: 17, capacity: '28' },
      { name: 'vac', family: 4, cidrs: [], allocated: 0, capacity: '0' },
    ];
    await using other = await fakeDaemon({ '/v1/status': { ...status, ipam: { ...ipam, mode: 'multi-pool', pools } } });
    expect((await other.axoneme('status')).stdout).toContain(
      [
        'IPAM:                    default: IPv4: 17/28 allocated from 172.20.0.48/28, 172.20.0.80/28',
        '                         vac: IPv4: no block yet',
      ].join('\n'),
    );
  });
});

describe('-o json', () => {
  it.each([
    ['status', '/v1/status'],
    ['endpoint list', '/v1/endpoints'],
    ['endpoint get 331', '/v1/endpoints/331'],
    ['ipam list', '/v1/ipam'],
    ['bpf endpoint list', '/v1/bpf/endpoints'],
    ['bpf ipcache list', '/v1/bpf/ipcache'],
    ['config view', '/v1/config'],
  ])('of %s is the body of %s', async (line, path) => {
    const { code, stdout } = await daemon.axoneme(...line.split(' '), '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(bodies[path]);
  });

  it('of config view is a configuration file', async () => {
    const { stdout } = await daemon.axoneme('config', 'view', '-o', 'json');
    expect(parseConfig(JSON.parse(stdout)).ignored).toEqual([]);
  });
});

describe('endpoint get', () => {
  it.each(['331', '172.20.42.2', 'fd00::2', 'default/web-1', '3f1c0de5'])('finds the endpoint by %s', async (what) => {
    expect((await daemon.axoneme('endpoint', 'get', what)).stdout).toContain('default/web-1');
  });

  it.each([
    ['99', 'axoneme: find endpoint 99: none\n'],
    ['10.9.9.9', "axoneme: find endpoint 10.9.9.9: none has this id, address, pod or container; see 'axoneme endpoint list -o wide'\n"],
  ])('says that there is no %s', async (what, message) => {
    expect(await daemon.axoneme('endpoint', 'get', what)).toEqual({ code: 1, stdout: '', stderr: message });
  });
});

describe('status', () => {
  it('fails when an ADD would fail, and names the problems', async () => {
    const problems = ['pool default is full', 'device axo_host is down'];
    await using other = await fakeDaemon({ '/v1/status': { ...status, health: { ...health, state: 'degraded', problems } } });
    const { code, stdout } = await other.axoneme('status');
    expect(code).toBe(1);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'Axoneme:                 Degraded   0.1.0',
      '                         pool default is full',
      '                         device axo_host is down',
    ]);
  });
});

describe('a daemon that is away', () => {
  it('is named with its socket and how to start it', async () => {
    const { code, stdout, stderr } = await axoneme(['--root', '/nonexistent', 'status']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      "axoneme: reach the daemon at /nonexistent/run/axoneme/axoneme.sock: no such socket; start it with 'axoneme daemon'\n",
    );
  });

  it('or was killed leaves a socket that nobody serves', async () => {
    const root = await mkdtemp(join(tmpdir(), 'axoneme-cli-'));
    const { runDir, socket } = paths(root);
    await mkdir(runDir, { recursive: true });
    await writeFile(socket, '');
    expect((await axoneme(['ipam', 'list'], { AXONEME_ROOT: root })).stderr).toContain(`${socket}: it does not run; start it with`);
    await rm(root, { recursive: true });
  });

  it('does not keep version from answering', async () => {
    const { code, stdout } = await axoneme(['version'], { AXONEME_ROOT: '/nonexistent' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Client: axoneme \S+ \(node v\d.*\)\nDaemon: reach the daemon at .*no such socket.*\n$/);
    expect((await daemon.axoneme('version')).stdout).toMatch(/\nDaemon: axoneme 0\.1\.0\n$/);
  });
});

describe('a daemon that answers rubbish', () => {
  it.each(['<html>', '', 'null garbage'])('%j is shown as it came', async (text) => {
    await using other = await fakeDaemon({}, { status: 200, text });
    const { code, stderr } = await other.axoneme('ipam', 'list');
    expect(code).toBe(1);
    expect(stderr).toBe(`axoneme: get /v1/ipam from the daemon at ${other.socket}: unexpected answer 200 ${JSON.stringify(text)}\n`);
  });

  it('closes the connection: the command fails and does not wait', async () => {
    const root = await mkdtemp(join(tmpdir(), 'axoneme-cli-'));
    const { runDir, socket } = paths(root);
    await mkdir(runDir, { recursive: true });
    const server = createServer((connection) => connection.destroy());
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const { code, stderr } = await axoneme(['status'], { AXONEME_ROOT: root });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^axoneme: reach the daemon at .*: it closed the connection without an answer\n$/);
    await new Promise((resolve) => server.close(resolve));
    await rm(root, { recursive: true });
  });

  it('of another shape points to the answer itself', async () => {
    await using other = await fakeDaemon({}, { status: 200, text: '{"future": 1}' });
    expect((await other.axoneme('status')).stderr).toBe(
      "axoneme: show the daemon's answer: it has another shape than this version knows; see it with -o json\n",
    );
  });

  it('passes on the words of its errors', async () => {
    const error = { code: 'starting', message: 'list endpoints: the daemon is starting', details: 'restoring 3 endpoints' };
    await using other = await fakeDaemon({}, { status: 503, text: JSON.stringify(error) });
    expect(await other.axoneme('endpoint', 'list')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'axoneme: list endpoints: the daemon is starting (restoring 3 endpoints)\n',
    });
  });
});

describe('usage', () => {
  it.each([
    [['frobnicate'], "error: unknown command 'frobnicate'"],
    [['statsu'], '(Did you mean status?)'],
    [['endpoint', 'get'], "error: missing required argument 'id'"],
    [['endpoint', 'get', '1', '2'], 'error: too many arguments'],
    [['status', '--frob'], "error: unknown option '--frob'"],
    [['status', '-o', 'yaml'], 'Allowed choices are table, json'],
    [['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish'],
    [[], 'Usage: axoneme'],
    [['endpoint'], 'Usage: axoneme endpoint'],
  ])('%j is wrong: exit code 2, and nothing on stdout', async (argv, message) => {
    const { code, stdout, stderr } = await axoneme(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('points to the help of the command', async () => {
    expect((await axoneme(['endpoint', 'list', '--frob'])).stderr).toContain("(see 'axoneme endpoint list --help')");
  });

  it.each([['--version'], ['-V']])('%s prints the version', async (flag) => {
    expect(await axoneme([flag])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^axoneme \S+\n$/), stderr: '' });
  });
});

describe('help', () => {
  it('of axoneme lists every command', async () => {
    const { code, stdout } = await axoneme(['--help']);
    expect(code).toBe(0);
    for (const { path } of table.commands) expect(stdout).toContain(`\n  ${path} `);
    expect(stdout).toMatchSnapshot();
  });

  it('of a group lists its commands only', async () => {
    expect((await axoneme(['endpoint', '--help'])).stdout).toMatchSnapshot();
  });

  it.each(table.commands.map(({ path }) => path))('of %s teaches by examples', async (path) => {
    const { code, stdout } = await axoneme([...path.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('\nExamples:\n  # ');
    expect(stdout).toMatchSnapshot();
  });

  it('is what docs/cli.md says', async () => {
    const page = (await readFile(new URL('../docs/cli.md', import.meta.url), 'utf8')).replaceAll(/ +/g, ' ');
    for (const { path, summary } of table.commands) expect(page).toContain(`| \`axoneme ${path}\` | ${summary} |`);
  });

  it('has examples that are commands of ours', () => {
    const examples = table.commands.flatMap((spec) => spec.examples.map(([line]) => ({ line, path: spec.path })));
    for (const { line, path } of examples) expect(line).toContain(`axoneme ${path}`);
  });
});
