import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConformanceBench, conformanceItems } from '../index.ts';

/**
 * Whether the items find what they are for: ptp, which is in order but for its known deviations, with one fault at a time put around it.
 * `$COMMAND` is the verb, `$in` a file with what was on stdin, and `ptp` runs the real plugin on it.
 */
const FAULTS: readonly { fault: string; script: string; found: readonly string[]; unaffected?: readonly string[] }[] = [
  {
    fault: 'none',
    script: 'ptp',
    found: [],
    unaffected: ['result-1.0.0', 'result-only', 'del-twice', 'check-route-gone', 'delegate-del', 'del-leaves-nothing'],
  },
  {
    fault: 'writes to stdout before the result',
    script: 'echo ready; ptp',
    found: ['result-only', 'result-1.0.0', 'version-shape', 'error-object', 'del-silent'],
  },
  {
    fault: 'gives another sandbox',
    script: 'ptp | sed s,/run/netns/,/var/run/netns/,',
    found: ['result-interface'],
    unaffected: ['result-1.0.0'],
  },
  { fault: 'lets addresses point at the host', script: `ptp | sed 's/"interface": 1/"interface": 0/'`, found: ['result-addresses-point'] },
  {
    fault: 'lets addresses point behind the end',
    script: `ptp | sed 's/"interface": 1/"interface": 2/'`,
    found: ['result-1.0.0', 'result-0.4.0'],
  },
  {
    fault: 'answers in one version only',
    script: `ptp | sed 's/"cniVersion": ".*"/"cniVersion": "1.0.0"/'`,
    found: ['result-0.3.1'],
    unaffected: ['result-1.0.0'],
  },
  { fault: 'writes null', script: `ptp | sed 's/"dns": {}/"dns": {}, "extra": null/'`, found: ['result-nulls'] },
  { fault: 'tells another MAC', script: `ptp | sed 's/"mac": "../"mac": "02/'`, found: ['result-true'] },
  {
    fault: 'always exits with 0',
    script: 'ptp; exit 0',
    found: [
      'add-ifname-exists',
      'env-command-unknown',
      'env-missing-add',
      'stdin-malformed',
      'stdin-name-missing',
      'stdin-version-unknown',
    ],
  },
  {
    fault: 'fails without a word',
    script: 'ptp > "$in.out" || exit 1; cat "$in.out"',
    found: ['error-object', 'stdin-version-unknown'],
    unaffected: ['result-1.0.0'],
  },
  {
    fault: 'wants prevResult at DEL',
    script: `[ $COMMAND != DEL ] || grep -q prevResult "$in" || exit 1; ptp`,
    found: ['del-no-prevresult', 'del-never-added', 'del-netns-empty'],
    unaffected: ['del-twice'],
  },
  {
    fault: 'wants the namespace at DEL',
    script: '[ $COMMAND != DEL ] || [ -e "$CNI_NETNS" ] || exit 1; ptp',
    found: ['del-netns-gone', 'del-netns-unset', 'del-netns-empty'],
    unaffected: ['del-twice'],
  },
  {
    fault: 'does nothing at DEL',
    script: '[ $COMMAND = DEL ] || ptp',
    found: ['del-interface-gone', 'del-leaves-nothing', 'delegate-del'],
    unaffected: ['del-twice'],
  },
  {
    fault: 'keeps a file of every container',
    script: '[ $COMMAND != ADD ] || touch /run/kept-$CNI_CONTAINERID; ptp',
    found: ['del-leaves-nothing', 'concurrent-containers'],
    unaffected: ['del-twice'],
  },
  {
    fault: 'always passes CHECK',
    script: '[ $COMMAND = CHECK ] || ptp',
    found: [
      'check-interface-gone',
      'check-address-gone',
      'check-route-gone',
      'check-prevresult-required',
      'check-old-version',
      'delegate-check',
    ],
    unaffected: ['check-after-add'],
  },
  {
    fault: 'never passes CHECK',
    script: '[ $COMMAND != CHECK ] || { echo \'{"cniVersion":"1.0.0","code":100,"msg":"no"}\'; exit 1; }; ptp',
    found: ['check-after-add', 'life-1.0.0', 'life-0.4.0'],
    unaffected: ['life-0.3.1'],
  },
  {
    fault: 'takes codes that are not its own',
    script: `ptp > "$in.out" && cat "$in.out" || { sed 's/"code": [0-9]*/"code": 42/' "$in.out"; exit 1; }`,
    found: ['error-codes', 'stdin-malformed'],
  },
  {
    fault: 'serves one at a time',
    script: 'mkdir /run/busy 2> /dev/null || [ $COMMAND = VERSION ] || exit 1; sleep 0.1; ptp; s=$?; rmdir /run/busy; exit $s',
    found: ['concurrent-containers'],
    unaffected: ['del-twice'],
  },
  { fault: 'does not pass on its environment', script: 'CNI_ARGS= ptp', found: ['delegate-add'] },
];

const config = { name: 'net', type: 'faulty', ipam: { type: 'host-local', subnet: '10.77.0.0/24', routes: [{ dst: '0.0.0.0/0' }] } };

const scriptOf = (script: string) => `#!/bin/sh
in=$(mktemp -p /tmp)
trap 'rm -f "$in" "$in.out"' EXIT
cat > "$in"
COMMAND=\${CNI_COMMAND:-none}
ptp() { /usr/lib/cni/ptp < "$in"; }
${script}
`;

describe('the items find a plugin that', () => {
  let bench: ConformanceBench;
  const plugin = '/opt/conformance/faulty';
  beforeAll(async () => {
    const setup: NonNullable<Parameters<typeof ConformanceBench.create>[0]['setup']> = (node) =>
      node.writeFile(plugin, scriptOf('ptp'), 0o755);
    bench = await ConformanceBench.create({ plugin, config, setup });
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  it.each(FAULTS)('$fault', async ({ script, found, unaffected = [] }) => {
    await bench.node.writeFile(plugin, scriptOf(script), 0o755);
    const verdicts = new Map<string, string>();
    for (const item of conformanceItems.filter(({ id }) => found.includes(id) || unaffected.includes(id)))
      verdicts.set(item.id, (await bench.run(item)).verdict);
    const wanted = [...found.map((id) => [id, 'fail'] as const), ...unaffected.map((id) => [id, 'pass'] as const)];
    expect(Object.fromEntries(verdicts)).toEqual(Object.fromEntries(wanted));
  });
});
