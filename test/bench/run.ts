import { Lab } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { bursts } from './burst.ts';
import { datapath } from './datapath.ts';
import { families } from './families.ts';
import { floods } from './flood.ts';
import { netkit } from './netkit.ts';
import type { Row } from './row.ts';
import { scale } from './scale.ts';
import { type Extent, isWanted, type Section, type Stage } from './section.ts';
import { verbs } from './verbs.ts';

/** All there is, in the order of the table. */
export const sections: readonly Section[] = [verbs, families, bursts, netkit, datapath, floods, scale];

/** The kinds of devices are compared by name, whatever the daemon would choose. */
const config = { ...dualStack, bpf: { datapathMode: 'veth' } };

/** What a run gave: rows, and the sections that failed, each with the reason. */
export interface Measured {
  readonly rows: readonly Row[];
  readonly failures: readonly string[];
}

/** A section that fails costs its own rows, and not those of the others. */
async function attempt(section: Section, stage: Stage, failures: string[]): Promise<Row[]> {
  try {
    return await section.run(stage);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    stage.say(`failed: ${reason}`);
    failures.push(`${section.title}: ${reason}`);
    return [];
  }
}

/** Runs the sections that are asked for, in one lab, and answers their rows. Throws for an `only` that no row begins with. */
export async function measureAll(extent: Extent, only: string | undefined, say: (progress: string) => void): Promise<Measured> {
  const wanted = sections.filter((section) => isWanted(section, only));
  if (wanted.length === 0) throw new Error(`measure ${only}: no row begins so; there are ${sections.flatMap(({ ids }) => ids).join(', ')}`);
  await using lab = await Lab.create();
  await using axoneme = await TestNode.start(await lab.addNode('node1', { realRcuExpedited: true }), { config });
  const rows: Row[] = [];
  const failures: string[] = [];
  for (const section of wanted) {
    const began = performance.now();
    say(`${section.title} …`);
    rows.push(...(await attempt(section, { lab, axoneme, extent, say: (progress) => say(`  ${progress}`) }, failures)));
    say(`  ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  return { rows: rows.filter(({ id }) => only === undefined || id.startsWith(only)), failures };
}
