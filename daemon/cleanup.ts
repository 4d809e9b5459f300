import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { HOST_IFNAME, isBuriedIfname, isHostIfname, isPodLinkKind, NET_IFNAME } from '../conf/names.ts';
import type { Paths } from '../conf/paths.ts';
import { step } from '../conf/step.ts';
import { Rtnetlink } from '../native/index.ts';
import { detachPrograms, namesIn } from '../plugin/attach/index.ts';
import { removeBpffs } from './datapath/bpffs.ts';
import { ExpediteWindow } from './datapath/expedite.ts';
import { ignoreGone } from './datapath/link-changes.ts';

import type { Logger } from './log.ts';

/**
 * Removes every trace of axoneme from the node: pods' devices, the node's own leg (and its routes with it), filters on others' devices, pins
 * and with them programs and maps, the bpffs mount if it is ours, state and queue. Pods lose their network. Doing it twice is fine. The caller has made sure that
 * no daemon runs.
 */
export async function cleanUp(paths: Paths, expedite: { knob: string; saved: string }, log: Logger): Promise<void> {
  new ExpediteWindow({ ...expedite, log }).closeAll();
  using rtnl = await Rtnetlink.open();
  const devices = await deviceNames(rtnl, paths);
  for (const name of devices) await removeDevice(rtnl, name);
  for (const name of namesIn(paths.links)) await detachPrograms(async () => rtnl, join(paths.links, name));
  await removeBpffs(paths);
  step('cleanup.state', () => rmSync(paths.runDir, { recursive: true, force: true }));
  log.info({ devices }, 'removed every trace');
}

async function deviceNames(rtnl: Rtnetlink, paths: Paths): Promise<string[]> {
  const isPod = (name: string) => isHostIfname(name) || isBuriedIfname(name);
  const pairs = (await rtnl.links.list()).filter(({ kind }) => isPodLinkKind(kind)).map(({ name }) => name);
  const pinned = namesIn(join(paths.links));
  return [...new Set([...pairs, ...pinned])].filter((name) => isPod(name) || name === HOST_IFNAME || name === NET_IFNAME).sort();
}

async function removeDevice(rtnl: Rtnetlink, name: string): Promise<void> {
  const link = await rtnl.links.find(name);
  if (link === undefined || !isPodLinkKind(link.kind)) return;
  await step('cleanup.device', () => rtnl.links.delete(link.ifindex)).catch(ignoreGone);
}
