import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostIfname } from '../../conf/names.ts';
import { ping } from '../../test-harness/index.ts';
import { CrashLab } from '../fixtures/crash/crash-lab.ts';
import { patiently } from '../fixtures/try-again.ts';

const routers = ['10.0.0.1', 'fd00::1'];

/* The plugin stands still between the device and its program: the pod is up, with addresses and routes, and its rows are in the maps. */
describe.each(['netkit', 'netkit-l2'] as const)('while a pod by %s is born', (datapathMode) => {
  let crashLab: CrashLab;
  beforeAll(async () => {
    crashLab = await CrashLab.open({ pods: false, datapathMode });
  });
  afterAll(() => crashLab[Symbol.asyncDispose]());

  it.each([
    ['nothing passes before its program is attached', 'add.attach.ingress'],
    ['nothing enters before its primary is opened', 'add.attach.egress'],
  ] as const)('%s', async (_, step) => {
    const pod = await crashLab.node.addPod(`p-${step.split('.').at(-1)}`);
    await crashLab.setFailpoint({ step, phase: 'before' }, 'hold');
    const added = patiently(() => crashLab.add(pod));
    await fired(added);
    const name = hostIfname({ containerId: pod.containerId, ifname: 'eth0' });
    for (const router of routers) expect(await ping(pod, router, { timeout: 700 }), router).toMatchObject({ reached: false });
    // past the routing table and our programs: straight out of the pod's device
    for (const family of [4, 6] as const)
      expect(await ping(crashLab.node, pod, { family, source: name, timeout: 700 })).toMatchObject({ reached: false });
    await crashLab.clearFailpoint();
    await added;
    // a neighbour that was asked for in vain is asked for again only after a while
    for (const router of routers) await expect.poll(() => ping(pod, router)).toMatchObject({ reached: true });
    await patiently(() => crashLab.delete(pod));
  });

  async function fired(added: Promise<unknown>): Promise<void> {
    let over = false;
    const end = added.finally(() => {
      over = true;
    });
    end.catch(() => undefined);
    while (!(await crashLab.fired())) {
      if (over) await end;
      await sleep(100);
    }
  }
});
