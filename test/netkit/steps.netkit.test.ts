import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mode, NetkitNode } from './node.ts';

/** Documentation/trace/histogram.rst; mounted by the virtual machine. */
const events = '/sys/kernel/tracing/events/raw_syscalls/sys_enter';

/** Numbers of system calls on x86-64 (asm/unistd_64.h): sendto and sendmsg, which are requests to netlink but for the answer to the launcher, and bpf. */
const calls = { send: [44, 46], bpf: [321] } as const;
type Steps = Record<keyof typeof calls, number>;

/** How often the threads of a process called the kernel while `work` ran, those included that were started meanwhile. */
async function count(pid: number, work: () => Promise<unknown>): Promise<Steps> {
  const histogram = 'hist:keys=common_pid,id';
  writeFileSync(`${events}/trigger`, histogram);
  try {
    await work();
    const text = readFileSync(`${events}/hist`, 'utf8');
    const threads = new Set(readdirSync(`/proc/${pid}/task`));
    const rows = [...text.matchAll(/common_pid:\s*(\d+), id:\s*(\d+) \} hitcount:\s*(\d+)/g)];
    const ours = rows.filter(([, thread = '']) => threads.has(thread));
    const sum = (ids: readonly number[]) =>
      ours.reduce((total, [, , id, hits]) => total + (ids.includes(Number(id)) ? Number(hits) : 0), 0);
    return { send: sum(calls.send), bpf: sum(calls.bpf) };
  } finally {
    writeFileSync(`${events}/trigger`, `!${histogram}`);
  }
}

let site: NetkitNode;
beforeAll(async () => {
  site = await NetkitNode.open('veth');
});
afterAll(() => site[Symbol.asyncDispose]());

/** The least of some ADDs: the daemon also follows the node. */
async function stepsOfAdd(mode: Mode): Promise<Steps> {
  const all: Steps[] = [];
  for (let n = 0; n < 4; n += 1) all.push(await count(site.axoneme.daemon.pid ?? 0, () => site.add(`${mode}-${n}`)));
  const least = (name: keyof Steps) => Math.min(...all.map((steps) => steps[name]));
  return { send: least('send'), bpf: least('bpf') };
}

/** What an ADD takes now. A netkit's primary has to be opened, and looked at twice to see that its peer has the program and that it is open. */
const held = { veth: { send: 9, bpf: 22 }, netkit: { send: 12, bpf: 21 } } as const;

it('an ADD takes no more steps than it did, by netkit fewer of bpf() and three more of netlink', async () => {
  const veth = await stepsOfAdd('veth');
  await site.become('netkit');
  const netkit = await stepsOfAdd('netkit');
  expect({ veth, netkit }).toEqual(held);
});
