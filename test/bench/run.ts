import { Lab } from '../../test-harness/index.ts';
import { AxonemeNode, dualStack } from '../support/axoneme.ts';
import { bursts } from './burst.ts';
import { datapath } from './datapath.ts';
import { families } from './families.ts';
import { netkit } from './netkit.ts';
import type { Row } from './row.ts';
import { scale } from './scale.ts';
import { type Extent, isWanted, type Section } from './section.ts';
import { verbs } from './verbs.ts';

/** All there is, in the order of the table. */
export const sections: readonly Section[] = [verbs, families, bursts, netkit, datapath, scale];

/** The kinds of devices are compared by name, whatever the daemon would choose. */
const config = { ...dualStack, bpf: { datapathMode: 'veth' } };

/** Runs the sections that are asked for, in one lab, and answers their rows. Throws for an `only` that no row begins with. */
export async function measureAll(extent: Extent, only: string | undefined, say: (progress: string) => void): Promise<Row[]> {
  const wanted = sections.filter((section) => isWanted(section, only));
  if (wanted.length === 0) throw new Error(`measure ${only}: no row begins so; there are ${sections.flatMap(({ ids }) => ids).join(', ')}`);
  await using lab = await Lab.create();
  await using axoneme = await AxonemeNode.start(await lab.addNode('node1', { realRcuExpedited: true }), { config });
  const rows: Row[] = [];
  for (const section of wanted) {
    const began = performance.now();
    say(`${section.title} …`);
    rows.push(...(await section.run({ lab, axoneme, extent, say: (progress) => say(`  ${progress}`) })));
    say(`  ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  return rows.filter(({ id }) => only === undefined || id.startsWith(only));
}
