import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Fd } from '../../native/fd.ts';
import type { Rtnetlink } from '../../native/netlink/rtnetlink.ts';
import { attachMethods, attachPrograms } from './index.ts';

vi.mock('../../native/bpf/pin.ts', () => ({ getPinned: () => ({ [Symbol.dispose]() {} }) as unknown as Fd }));

test('what is refused at one hook is taken back when the other one is through', async () => {
  const root = mkdtempSync(join(tmpdir(), 'attach-'));
  const links = join(root, 'links');
  let finish: () => void = () => undefined;
  const attached = new Promise<void>((resolve) => {
    finish = resolve;
  });
  vi.spyOn(attachMethods.tcx, 'attach').mockImplementation(async (_netlink, { folder }, hook) => {
    if (hook === 'ingress') throw new Error('refused');
    await attached;
    return { keep: () => writeFileSync(join(folder, hook), ''), [Symbol.dispose]() {} };
  });
  const attach = { kind: 'tcx', fromContainer: '/progs/from', toContainer: '/progs/to', links } as const;
  let isOver = false;
  const failing = attachPrograms({} as Rtnetlink, attach, 7).finally(() => {
    isOver = true;
  });
  failing.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  finish();
  await expect(failing).rejects.toThrow('refused');
  expect(existsSync(links)).toBe(false);
  rmSync(root, { recursive: true });
});
