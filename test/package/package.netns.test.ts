import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmptyProject, pack, repository } from '../fixtures/empty-project.ts';
import { stepsOf } from '../fixtures/guide.ts';

/* The package as its users have it: packed, installed outside the repository, used as the guide says. */

const steps = stepsOf('test-harness/README.md');

describe('an empty project that follows the guide', () => {
  let project: EmptyProject;
  let tarball = '';

  /** The guide's command line, with the packed file in place of the registry's. */
  const local = (command: string) => command.replace(' axoneme ', ` ./${tarball} `);

  beforeAll(async () => {
    project = await EmptyProject.create();
    tarball = (await pack(project.folder)).filename;
    const [install] = steps.filter((step) => 'command' in step);
    await project.sh(local(install?.command ?? 'false'), { npm_config_prefer_offline: 'true' });
    for (const step of steps) if ('file' in step) await project.write(step.file, step.content);
  });
  afterAll(() => project[Symbol.asyncDispose]());

  it('is set up by one command, and has got nothing of the daemon, no compiler and no script that runs at installation', async () => {
    const { packages } = JSON.parse(await project.read('node_modules/.package-lock.json'));
    expect(packages['node_modules/axoneme']).toMatchObject({ dependencies: { 'ip-address': expect.any(String) } });
    expect(packages['node_modules/axoneme'].hasInstallScript).toBeUndefined();
    const names = Object.keys(packages).map((path) => path.replace('node_modules/', ''));
    expect(names).toContain('ip-address');
    expect(names.filter((name) => /^(fastify|pino|zod|yaml|commander|esbuild|node-gyp.*|node-linux-.*|typescript)$/.test(name))).toEqual(
      [],
    );
  });

  it('runs the files and commands of the guide as they stand', async () => {
    const [, ...commands] = steps.flatMap((step) => ('command' in step ? [step] : []));
    const output: string[] = [];
    for (const { command, exit } of commands) output.push(await project.sh(local(command), { NO_COLOR: '1' }, exit));
    expect(output.join('')).toMatch(/Tests\s+7 passed/);
    expect(output.join('')).toMatch(/^\/usr\/lib\/cni\/ptp, versions .*: \d+ passed, \d+ failed/m);
  });

  it('runs the program without a test runner', async () => {
    expect(await project.sh('node lab.ts')).toContain('] true { reached: true, duration:');
  });

  it('has types: a user with strict settings compiles the files of the guide, and is told of a mistake', async () => {
    const compilerOptions = {
      ...{ strict: true, noEmit: true, module: 'nodenext', target: 'es2023', lib: ['es2023', 'esnext.disposable'], types: ['node'] },
      ...{ typeRoots: [join(repository, 'node_modules', '@types')], exactOptionalPropertyTypes: true, skipLibCheck: true },
    };
    const files = steps.flatMap((step) => ('file' in step && step.file.endsWith('.ts') ? [step.file] : []));
    const compile = async (file: string[]) => {
      await project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: file }));
      const { stdout } = await promisify(execFile)(join(repository, 'node_modules/.bin/tsc'), ['-p', project.folder]).catch(
        (error) => error,
      );
      return stdout as string;
    };
    expect(await compile(files)).toBe('');
    const mistakes = [
      "import { Lab } from 'axoneme/test-harness'; import { Rtnetlink } from 'axoneme/native'; import { NodeIpam } from 'axoneme/ipam';",
      'export const lab: number = await Lab.create();',
      'export const netlink: number = await Rtnetlink.open();',
      'export const ipam: number = NodeIpam.prototype;',
    ];
    await project.write('mistakes.ts', mistakes.join('\n'));
    const told = await compile(['mistakes.ts']);
    for (const name of ['Lab', 'Rtnetlink', 'NodeIpam'])
      expect(told).toContain(`TS2322: Type '${name}' is not assignable to type 'number'`);
  });

  it('opens every door of the package', async () => {
    const doors = ['conf', 'ipam', 'native', 'test-harness'].map((door) => `axoneme/${door}`);
    const code = `const names = []; for (const door of ${JSON.stringify(doors)}) names.push(Object.keys(await import(door)).length > 3); console.log(names.join())`;
    await project.write('doors.mjs', code);
    expect((await project.sh('node doors.mjs')).trim()).toBe('true,true,true,true');
  });

  it('brings its commands', async () => {
    expect(await project.sh('npx axoneme-lab --help')).toContain('usage: axoneme-lab <command>');
    expect(await project.sh('npx axoneme-conformance --list')).toContain('del-twice');
  });

  // the conformance suites of the examples run in the repository; here they would only repeat the guide's own
  it.each(['bash/bash-cni', 'bridge/bridge', 'axoneme/axoneme'])('runs the example %s that came with it', async (example) => {
    const folder = example.split('/')[0] ?? '';
    await cp(join(project.folder, 'node_modules/axoneme/test-harness/examples', folder), join(project.folder, folder), {
      recursive: true,
    });
    const output = await project.sh(`npx vitest run ${example}`, { NO_COLOR: '1', AXONEME_BIN: join(repository, 'dist', 'bin') });
    expect(output).toMatch(/Tests\s+\d+ passed/);
  });
});
