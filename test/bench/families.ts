import type { Node, Pod } from '../../test-harness/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { call, forms } from './contenders.ts';
import { ratioAtMost } from './row.ts';
import type { Section } from './section.ts';
import { addPods, removePods } from './settle.ts';
import { timeInTurn } from './timer.ts';

const [ours] = forms;

async function timeAdd(node: Node, pod: Pod): Promise<number> {
  const [outcome] = await timeInTurn(node, [call(ours, 'ADD', pod)], 20);
  return outcome?.milliseconds ?? Number.NaN;
}

async function clear(node: Node, pods: readonly Pod[]): Promise<void> {
  await timeInTurn(
    node,
    pods.map((pod) => call(ours, 'DEL', pod)),
  );
  await removePods(node, pods);
}

/** What the second family costs: pods of a node with both against pods of a node with one. */
export const families: Section = {
  title: 'ADD with both families and with one',
  ids: ['families'],
  run: async ({ lab, axoneme, extent, say }) => {
    const node = await lab.addNode('single', { realRcuExpedited: true });
    await using single = await TestNode.start(node, { config: { ...dualStack, ipv6: { enabled: false } } });
    const rounds = Math.ceil(extent.calls / 2);
    const sides = [
      { node: axoneme.node, pods: await addPods(axoneme.node, 'dual', rounds), values: [] as number[] },
      { node: single.node, pods: await addPods(single.node, 'single', rounds), values: [] as number[] },
    ] as const;
    for (let round = 0; round < rounds; round += 1) {
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) side.values.push(await timeAdd(side.node, side.pods[round] as Pod));
    }
    say(`${rounds} rounds`);
    for (const { node: where, pods } of sides) await clear(where, pods);
    const [dual, alone] = sides;
    return [
      {
        id: 'families',
        what: `ADD, ${ours.id}: IPv4 and IPv6`,
        unit: 'ms',
        values: dual.values,
        beside: { what: 'IPv4 alone', values: alone.values },
        goal: ratioAtMost(1.2),
      },
    ];
  },
};
