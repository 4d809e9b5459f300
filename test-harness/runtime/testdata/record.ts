/**
 * Records again what the real libcni does with the scenarios of libcni-1.1.2.json: `node record.ts PEER`, PEER being peer.go built. A new scenario is its
 * name, file, config and answers in that file, with `"verbs": []`. Needs jq.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab, type Node } from '../../index.ts';

const file = join(import.meta.dirname, 'libcni-1.1.2.json');
const peer = process.argv[2] ?? '';

interface Scenario {
  readonly file: string;
  readonly config: string;
  readonly answers: Readonly<Record<string, string>>;
  verbs: unknown[];
}

/** A plugin that writes down how it is called and answers ADD with the scenario's text. */
const recorder = `#!/bin/bash
stdin=$(cat; echo x); stdin=\${stdin%x}
jq -cn --arg plugin "\${0##*/}" --arg stdin "$stdin" \
  '{plugin: $plugin, env: ($ENV | with_entries(select(.key | startswith("CNI_")))), stdin: $stdin}' >> /run/calls
case $CNI_COMMAND in
  ADD) cat "/run/answers/\${0##*/}" ;;
  VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.3.1","0.4.0","1.0.0"]}' ;;
esac`;

async function recordVerb(node: Node, verb: string): Promise<unknown> {
  await node.remove('/run/calls');
  const { code, stderr } = await node.exec([peer, verb, '/etc/cni/net.d', 'n', 'c1', '/run/netns/web', 'eth0', '/opt/cni/bin']);
  const calls = (await node.exists('/run/calls')) ? (await node.readFile('/run/calls')).trim().split('\n') : [];
  const names = await node.listFolder('/var/lib/cni/results');
  const cache = names.map(async (name) => [name, JSON.parse(await node.readFile(`/var/lib/cni/results/${name}`))] as const);
  const outcome = code === 0 ? { succeeded: true } : { succeeded: false, error: stderr.trim() };
  return { verb, ...outcome, calls: calls.map((line) => JSON.parse(line)), cache: Object.fromEntries(await Promise.all(cache)) };
}

await using lab = await Lab.create({ nodes: { node1: {} } });
const node = lab.node('node1');
for (const name of ['first', 'second']) await node.writeFile(`/opt/cni/bin/${name}`, recorder, 0o755);
const recorded: { readonly scenarios: Scenario[] } = JSON.parse(readFileSync(file, 'utf8'));
for (const scenario of recorded.scenarios) {
  await node.remove('/etc/cni/net.d');
  await node.remove('/var/lib/cni');
  await node.writeFile(`/etc/cni/net.d/${scenario.file}`, scenario.config);
  for (const [plugin, text] of Object.entries(scenario.answers)) await node.writeFile(`/run/answers/${plugin}`, text);
  scenario.verbs = [];
  for (const verb of ['validate', 'add', 'check', 'del']) scenario.verbs.push(await recordVerb(node, verb));
}
writeFileSync(file, `${JSON.stringify(recorded, null, 2)}\n`);
