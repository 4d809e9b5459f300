import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Paths } from '../../conf/paths.ts';
import { embeddedFile } from '../../native/embedded.ts';
import { Scratch } from '../../native/fixture.ts';
import { createMap, getPinned, MapType, pin, programInfo } from '../../native/index.ts';
import { messageOf } from '../failure.ts';
import { removeAll } from '../files.ts';
import { silent } from '../log.ts';
import { ProgramSet, type ProgramSetOptions } from './programs.ts';

const scratch = new Scratch();
let folder: string;
let paths: Paths;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'programs-'));
  const bpffs = await scratch.bpffs();
  execFileSync('mkdir', ['-p', `${bpffs}/maps`, `${bpffs}/progs`]);
  paths = { runDir: folder, maps: `${bpffs}/maps`, progs: `${bpffs}/progs` } as Paths;
});
afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
  removeAll(folder);
});

function options(changes: Partial<ProgramSetOptions> = {}): ProgramSetOptions {
  const rodata = {
    cfg_host_ifindex: 1,
    cfg_host_mac: new Uint8Array(6),
    cfg_net_ifindex: 1,
    cfg_router4: new Uint8Array(16),
    cfg_router6: new Uint8Array(16),
    cfg_monitor_aggregation: 2,
    cfg_preemptible: 0,
  };
  return { paths, objectPath: (name) => embeddedFile(`${name}.o`), rodata, version: 'test', log: silent, ...changes };
}

async function open(changes: Partial<ProgramSetOptions> = {}): Promise<{ isNew: boolean; id: number }> {
  const set = await ProgramSet.open(options(changes));
  set.commit(silent);
  const { id } = programInfo(set.program('axo_from_container'));
  set.close();
  return { isNew: set.isNew, id };
}

describe('the set of programs', () => {
  it('is loaded once, and again when version or constants change', async () => {
    const first = await open();
    expect(first.isNew).toBe(true);
    expect(await open()).toEqual({ isNew: false, id: first.id });
    const second = await open({ version: 'next' });
    expect(second.isNew).toBe(true);
    expect(second.id).not.toBe(first.id);
    const third = await open({ version: 'next', rodata: { ...options().rodata, cfg_net_ifindex: 2 } });
    expect(third.isNew).toBe(true);
    expect(await open({ version: 'next', rodata: { ...options().rodata, cfg_net_ifindex: 2 } })).toEqual({ isNew: false, id: third.id });
  });

  it('is loaded again when the last start did not come to its end, or a pin is gone', async () => {
    const unfinished = await ProgramSet.open(options({ version: 'cut short' }));
    unfinished.close();
    expect((await open({ version: 'cut short' })).isNew).toBe(true);
    removeAll(join(paths.progs, 'axo_to_host'));
    expect((await open({ version: 'cut short' })).isNew).toBe(true);
  });

  it('makes a map anew whose layout is another', async () => {
    await open({ version: 'maps' });
    using old = createMap({ type: MapType.hash, keySize: 4, valueSize: 4, maxEntries: 1, name: 'axo_devices' });
    removeAll(join(paths.maps, 'axo_devices'));
    pin(old, join(paths.maps, 'axo_devices'));
    expect((await open({ version: 'other maps' })).isNew).toBe(true);
    using map = getPinned(join(paths.maps, 'axo_devices'));
    expect(map.use()).toBeGreaterThan(0);
  });

  it('that the verifier refuses is named, with the end of the log', async () => {
    const source = join(folder, 'bad.bpf.c');
    const text = [
      '#include <linux/bpf.h>',
      '#include <bpf/bpf_helpers.h>',
      'SEC("tc") int axo_to_host(struct __sk_buff *skb) { return *(volatile char *)(long)skb->data; }',
      'char program_license[] SEC("license") = "Dual BSD/GPL";',
    ];
    writeFileSync(source, `${text.join('\n')}\n`);
    const triplet = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64'];
    execFileSync('clang', [
      '-O2',
      '-g',
      '-target',
      'bpf',
      `-I/usr/include/${triplet}-linux-gnu`,
      '-c',
      source,
      '-o',
      join(folder, 'bad.o'),
    ]);
    const objectPath = (name: string) => (name === 'to_host' ? join(folder, 'bad.o') : embeddedFile(`${name}.o`));
    const error = await open({ objectPath }).catch((thrown: unknown) => thrown);
    expect(messageOf(error)).toMatch(/^load the datapath: load program axo_to_host: refused by the verifier/);
    expect(messageOf(error)).toMatch(/invalid mem access|processed \d+ insns/);
  });

  it('names an object file that is not there', async () => {
    const error = await open({ version: 'no file', objectPath: () => join(folder, 'nothing.o') }).catch((thrown: unknown) => thrown);
    expect(messageOf(error)).toMatch(/^load the datapath: .*nothing\.o/);
  });
});
