import { beforeAll, describe, expect, it } from 'vitest';
import { attachmentOf, CniError, type Pod, ping } from '../../test-harness/index.ts';
import { readHeartbeat } from '../fixtures/heartbeat.ts';
import { scaledTimeout } from '../fixtures/scaled-timeout.ts';
import { sharedFixture } from '../fixtures/shared-fixture.ts';
import { TestNode } from '../fixtures/test-node.ts';

/* What others do to the folder of the daemon's state, its lock and its sockets while the daemon runs. */

const WITHIN = { timeout: scaledTimeout(60_000), interval: 50 };
const folder = '/run/axoneme';

let site: TestNode;
let pod: Pod;
sharedFixture(async () => {
  site = await TestNode.open();
  pod = (await site.add('web')).pod;
  return site;
});

const shell = (script: string) => site.node.run(['sh', '-ec', script]);
const check = () => site.runtime.check(site.network, attachmentOf(pod));
const status = () =>
  site.runtime.status(site.network).then(
    () => 'ok',
    (error: unknown) => (error instanceof CniError ? `${error.code} ${error.message} ${error.details ?? ''}` : String(error)),
  );

async function expectWhole(): Promise<void> {
  await expect.poll(status, WITHIN).toBe('ok');
  await check();
  expect(await ping(site.node, pod)).toMatchObject({ reached: true });
  await site.delete((await site.add('fresh')).pod);
}

describe('a daemon that cannot be reached or seen any more', () => {
  it.each([
    ['its lock is removed', `rm ${folder}/daemon.lock`],
    ['its lock is replaced', `cp ${folder}/daemon.lock ${folder}/other; mv ${folder}/other ${folder}/daemon.lock`],
    ['the socket of the API is removed', `rm ${folder}/axoneme.sock`],
    ['the socket of the launchers is removed', `rm ${folder}/cni.sock`],
    ['the whole folder is removed', `rm -r ${folder}`],
  ])('ends and says why, and the next one has all pods: %s', async (_what, spoil) => {
    await expectWhole();
    await shell(spoil);
    expect(await site.daemon.ended).toEqual({ code: 1, signal: null });
    expect(site.daemon.stderr).toContain('ending: a file of the daemon was removed or replaced');
    await site.restart();
    await expectWhole();
  });
});

describe('a folder in which nothing can be written', () => {
  /** On a file system of its own, which is small enough to be filled. */
  beforeAll(async () => {
    await site.daemon.stop();
    await shell(`cp -a ${folder} ${folder}.old; mount -t tmpfs -o size=1m tmpfs ${folder}; cp -a ${folder}.old/. ${folder}`);
    await site.restart();
  });

  const ways = {
    full: {
      spoil: `dd if=/dev/zero of=${folder}/filler bs=4k 2>/dev/null || true`,
      mend: `rm ${folder}/filler`,
      sentence: `${folder} is full: free some space in its file system`,
    },
    'read-only': {
      spoil: `mount --bind ${folder} ${folder}; mount -o remount,bind,ro ${folder}`,
      mend: `umount -l ${folder}`,
      sentence: `write to ${folder}: EROFS: read-only file system`,
    },
  };

  it.each(Object.entries(ways))(
    'because it is %s is told by STATUS, and the daemon stays alive',
    async (what, { spoil, mend, sentence }) => {
      await expectWhole();
      const other = (await site.add('other')).pod;
      const del = () => site.runtime.del(site.network, attachmentOf(other));
      await shell(spoil);
      try {
        await expect.poll(status, WITHIN).toContain(sentence);
        await expect(site.add(`refused-${what}`)).rejects.toThrow(what === 'full' ? 'ENOSPC' : 'EROFS');
        const { atMs } = await readHeartbeat(site.node);
        await expect.poll(async () => (await readHeartbeat(site.node)).atMs, WITHIN).toBeGreaterThan(atMs);
        // Where a record cannot even be removed, a DEL must not promise what the next start would undo.
        if (what === 'full') await del();
        else await expect(del()).rejects.toThrow('EROFS');
      } finally {
        await shell(mend);
      }
      await site.delete(other);
      await expectWhole();
    },
  );
});
