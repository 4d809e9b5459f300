import { probe } from '../../native/index.ts';
import { dualStack } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';
import { forms, ptp } from './contenders.ts';
import { datapathRows } from './datapath.ts';
import type { Row } from './row.ts';
import type { Section } from './section.ts';
import { timeVerbs, verbRows } from './verbs.ts';

/** The rows of veth pairs that say something about netkit as well, and their goals with them. */
const kept = ['ADD', 'CHECK', 'DEL'].map((verb) => `${verb.toLowerCase()}-${forms[0].id}`);

/** The same by netkit pairs, where the kernel has them (Linux 6.7). */
export const netkit: Section = {
  title: 'netkit pairs',
  ids: ['netkit-', 'path-netkit-'],
  run: async (stage) => {
    if ((await probe('netkit')) !== 'yes') {
      stage.say('this kernel has none, so there are no rows');
      return [];
    }
    const node = await stage.lab.addNode('netkit', { realRcuExpedited: true });
    await using axoneme = await TestNode.start(node, { config: { ...dualStack, bpf: { datapathMode: 'netkit' } } });
    const times = await timeVerbs(axoneme, [forms[0], ptp], Math.ceil(stage.extent.calls / 2), stage.say);
    const calls = verbRows(times).filter(({ id }) => kept.includes(id));
    const renamed = calls.map((row): Row => ({ ...row, id: `netkit-${row.id}`, what: `${row.what}, netkit` }));
    return [...renamed, ...(await datapathRows({ ...stage, axoneme }, 'netkit'))];
  },
};
