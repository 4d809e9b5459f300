import { describe, expect, it } from 'vitest';
import { buried } from '../fixtures/api.ts';
import { readBooks } from '../fixtures/crash/books.ts';
import { Crowd, type Ending, tell } from '../fixtures/crowd.ts';
import { shimPlugins, standalonePlugins } from '../fixtures/plugin-variants.ts';

/* A node with more to do than processor time to do it in: everything is slower, and nothing is wrong (docs/decisions/0080). */

const codes = (endings: readonly Ending[]) => [...new Set(endings.map(({ code, message }) => `${code} ${message}`.trim()))];

/** AXONEME_CROWD=500 makes more of them. */
const COUNT = Number(process.env['AXONEME_CROWD'] ?? 60);

describe.each([
  // Without the standalone plugin beside it: no call may need that.
  ['the launcher', shimPlugins],
  ['the standalone plugin', standalonePlugins],
])(`${COUNT} pods at once on half a processor, by %s`, (form, plugins) => {
  it('all succeed, none twice, and STATUS is never 50', { timeout: 600_000 }, async () => {
    await using crowd = await Crowd.open({ processors: 0.5, holdPlugins: true, plugins });
    const pods = await crowd.pods(COUNT);
    const adding = await crowd.withStatus(Promise.all(pods.map(crowd.add)));
    tell(`ADD by ${form}`, adding.result);
    tell('STATUS beside it', adding.statuses);
    expect([codes(adding.result), codes(adding.statuses)]).toEqual([['0'], ['0']]);
    expect((await readBooks(crowd.node)).ready).toEqual(pods.map(({ containerId }) => containerId).sort());
    const deleting = await crowd.withStatus(Promise.all(pods.map(crowd.del)));
    tell(`DEL by ${form}`, deleting.result);
    tell('STATUS beside it', deleting.statuses);
    expect([codes(deleting.result), codes(deleting.statuses)]).toEqual([['0'], ['0']]);
    await buried(crowd.node);
    expect(await readBooks(crowd.node)).toEqual({ ready: [], problems: [] });
    expect(crowd.calls).toEqual({ added: COUNT, deleted: COUNT });
  });
});

it('DELs beside a queue of ADDs are done once, by the daemon', { timeout: 600_000 }, async () => {
  await using crowd = await Crowd.open({ processors: 0.2, plugins: shimPlugins });
  const old = await crowd.pods(40, 'old');
  expect(codes(await Promise.all(old.map(crowd.add)))).toEqual(['0']);
  const fresh = await crowd.pods(60, 'new');
  const adding = Promise.all(fresh.map(crowd.add));
  const { result: deleted, statuses } = await crowd.withStatus(Promise.all(old.map(crowd.del)));
  const added = await adding;
  tell('ADD', added);
  tell('DEL beside it', deleted);
  tell('STATUS beside it', statuses);
  expect([codes(deleted), codes(added), codes(statuses)]).toEqual([['0'], ['0'], ['0']]);
  expect(crowd.calls).toEqual({ added: 100, deleted: 40 });
});

it('a DEL does not wait behind the ADDs that came before it', { timeout: 600_000 }, async () => {
  await using crowd = await Crowd.open({ processors: 0.2, plugins: shimPlugins });
  const [old] = await crowd.pods(1, 'old');
  if (old === undefined) throw new Error('add a pod: there is none');
  expect(await crowd.add(old)).toMatchObject({ code: 0 });
  const fresh = await crowd.pods(100, 'new');
  const begun = performance.now();
  const adds = fresh.map(crowd.add);
  await Promise.race(adds);
  const deleted = await crowd.del(old);
  const added = await Promise.all(adds);
  const later = added.filter(({ endedAt }) => endedAt > deleted.endedAt);
  tell(`ADD, ${later.length} of them after a DEL that came at ${Math.round(deleted.endedAt - deleted.milliseconds - begun)} ms`, added);
  tell('DEL', [deleted]);
  expect([codes([deleted]), codes(added)]).toEqual([['0'], ['0']]);
  expect(later.length).toBeGreaterThan(50);
});
