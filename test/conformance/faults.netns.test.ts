import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConformanceBench, conformanceItems } from '../../test-harness/index.ts';
import { executables } from '../fixtures/axoneme.ts';
import { TestNode } from '../fixtures/test-node.ts';

/**
 * Whether the items about 1.1.0 find what they are for: the reference plugins of the distribution speak no version so new. axoneme with one fault at a
 * time put around it; `$CNI_COMMAND` is the verb, `$in` a file with what was on stdin, and `real` runs the plugin on it.
 */
const FAULTS: readonly { fault: string; script: string; found: readonly string[]; unaffected?: readonly string[] }[] = [
  {
    fault: 'does nothing at GC',
    script: '[ $CNI_COMMAND = GC ] || real',
    found: ['gc-frees-others', 'gc-by-ifname', 'gc-empty-list', 'gc-null-list', 'gc-old-version'],
    unaffected: ['gc-keeps-valid', 'gc-key-absent'],
  },
  {
    fault: 'takes no list for valid at GC',
    script: `[ $CNI_COMMAND != GC ] || sed -i 's/attachments":[^]]*]/attachments":[]/g' "$in"; real`,
    found: ['gc-keeps-valid', 'gc-frees-others', 'gc-by-ifname'],
    unaffected: ['gc-empty-list'],
  },
  {
    fault: 'frees all without a list',
    script: `[ $CNI_COMMAND != GC ] || grep -q attachments "$in" || sed -i 's/^{/{"cni.dev\\/valid-attachments":[],/' "$in"; real`,
    found: ['gc-key-absent'],
    unaffected: ['gc-keeps-valid'],
  },
  {
    fault: 'frees what is of other networks',
    script: `[ $CNI_COMMAND != GC ] || sed -i 's/another-network/axoneme/' "$in"; real`,
    found: ['gc-other-network'],
    unaffected: ['gc-keeps-valid'],
  },
  {
    fault: 'wants a list that is not null',
    script: `[ $CNI_COMMAND != GC ] || ! grep -q 'attachments":null' "$in" || exit 1; real`,
    found: ['gc-null-list'],
    unaffected: ['gc-empty-list'],
  },
  {
    fault: 'talks at GC and STATUS',
    script: `real && case $CNI_COMMAND in GC|STATUS) echo fine;; esac`,
    found: ['gc-keeps-valid', 'status-ready'],
    unaffected: ['gc-empty-list'],
  },
  {
    fault: 'is never ready',
    script: `[ $CNI_COMMAND != STATUS ] || { echo '{"cniVersion":"1.1.0","code":50,"msg":"no"}'; exit 1; }; real`,
    found: ['status-ready', 'status-old-version'],
  },
  {
    fault: 'answers VERSION in its own',
    script: `if [ $CNI_COMMAND = VERSION ]; then real | sed 's/"cniVersion":"[^"]*"/"cniVersion":"1.1.0"/'; else real; fi`,
    found: ['version-echo'],
    unaffected: ['version-shape'],
  },
  { fault: 'tells another MTU', script: `real | sed 's/"mtu":[0-9]*/"mtu":9000/g'`, found: ['result-true'], unaffected: ['result-1.1.0'] },
  {
    fault: 'refuses a second interface',
    script: '[ $CNI_COMMAND != ADD ] || [ $CNI_IFNAME != net1 ] || exit 1; real',
    found: ['add-two-ifnames', 'del-other-ifname-untouched'],
  },
];

const plugin = '/opt/conformance/axoneme-cni';
const scriptOf = (script: string) => `#!/bin/sh
in=$(mktemp -p /run)
trap 'rm -f "$in"' EXIT
cat > "$in"
real() { ${executables.plugin} < "$in"; }
${script}
`;

describe('the items about 1.1.0 find a plugin that', () => {
  let bench: ConformanceBench;
  beforeAll(async () => {
    bench = await ConformanceBench.create({
      plugin,
      config: { name: 'axoneme', type: 'axoneme-cni' },
      setup: async (node) => {
        await node.writeFile(plugin, scriptOf('real'), 0o755);
        return TestNode.start(node);
      },
    });
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  it.each(FAULTS)('$fault', async ({ script, found, unaffected = [] }) => {
    await bench.node.writeFile(plugin, scriptOf(script), 0o755);
    const verdicts = new Map<string, string>();
    const reasons: string[] = [];
    for (const item of conformanceItems.filter(({ id }) => found.includes(id) || unaffected.includes(id))) {
      const outcome = await bench.run(item);
      verdicts.set(item.id, outcome.verdict);
      if (outcome.verdict !== 'pass') reasons.push(`${item.id}: ${outcome.reason}`);
    }
    const wanted = [...found.map((id) => [id, 'fail'] as const), ...unaffected.map((id) => [id, 'pass'] as const)];
    expect(Object.fromEntries(verdicts), reasons.join('\n')).toEqual(Object.fromEntries(wanted));
  });
});
