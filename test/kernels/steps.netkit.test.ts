import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configOf, type DatapathMode } from '../fixtures/datapath-mode.ts';
import { TestNode } from '../fixtures/test-node.ts';

/** Documentation/trace/histogram.rst; mounted by the virtual machine. */
const events = '/sys/kernel/tracing/events/raw_syscalls/sys_enter';

/** sendto and sendmsg on x86-64 (asm/unistd_64.h), which are requests to netlink but for the answer to the launcher. */
const SENDS: readonly number[] = [44, 46];

/** How often the threads of a process called the kernel while `work` ran, those included that were started meanwhile. */
async function count(pid: number, work: () => Promise<unknown>): Promise<number> {
  const histogram = 'hist:keys=common_pid,id';
  writeFileSync(`${events}/trigger`, histogram);
  try {
    await work();
    const text = readFileSync(`${events}/hist`, 'utf8');
    const threads = new Set(readdirSync(`/proc/${pid}/task`));
    const rows = [...text.matchAll(/common_pid:\s*(\d+), id:\s*(\d+) \} hitcount:\s*(\d+)/g)];
    const ours = rows.filter(([, thread = '']) => threads.has(thread));
    return ours.reduce((total, [, , id, hits]) => total + (SENDS.includes(Number(id)) ? Number(hits) : 0), 0);
  } finally {
    writeFileSync(`${events}/trigger`, `!${histogram}`);
  }
}

let site: TestNode;
beforeAll(async () => {
  site = await TestNode.open({ config: configOf('veth'), retries: true });
});
afterAll(() => site[Symbol.asyncDispose]());

/** The least of some ADDs: the daemon also looks at the node every second or two, which is why calls of bpf() are not counted here. */
async function requestsOfAdd(mode: DatapathMode): Promise<number> {
  const all: number[] = [];
  for (let n = 0; n < 4; n += 1) all.push(await count(site.daemon.pid ?? 0, () => site.add(`${mode}-${n}`)));
  return Math.min(...all);
}

/** What an ADD takes is 9 and 12, and some of the daemon's own beside it on a slow machine. A netkit's primary has to be opened, and looked at twice. */
const MOST = { veth: 13, netkit: 17 } as const;

it('an ADD makes no more requests to netlink than it did, by veth and by netkit', async () => {
  const veth = await requestsOfAdd('veth');
  await site.reconfigure(configOf('netkit'));
  const netkit = await requestsOfAdd('netkit');
  expect(veth).toBeLessThanOrEqual(MOST.veth);
  expect(netkit).toBeLessThanOrEqual(MOST.netkit);
});
