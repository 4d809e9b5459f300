import type { NetworkNamespace } from '../lab/namespace.ts';
import { listed, type Section } from './describe.ts';
import { iptablesRules, nftRules } from './firewall.ts';
import { parseSysctls } from './sysctl.ts';

/**
 * What only a process inside the namespace can see: its sysctls, and the firewall in the words of the distribution's tools, those of them that are
 * installed. One shell for all; a line that no tool writes stands between the parts. The exit status says nothing: some sysctls cannot be read.
 */
const SCRIPT = `
grep -rsH '' /proc/sys/net
for tool in iptables-save ip6tables-save; do echo "%% $tool"; command -v $tool > /dev/null && $tool 2> /dev/null; done
echo '%% nft'; command -v nft > /dev/null && nft -s list ruleset 2> /dev/null
:`;

/** The sections `sysctl`, `iptables` and `nft`. */
export async function viewFromInside(at: NetworkNamespace): Promise<{ sysctl: Section; iptables: Section; nft: Section }> {
  const { stdout } = await at.exec(['sh', '-c', SCRIPT]);
  const [sysctls = '', ...parts] = stdout.split(/^%% /m);
  const partOf = (tool: string) => parts.find((part) => part.startsWith(`${tool}\n`))?.slice(tool.length + 1) ?? '';
  const [rules4, rules6] = [iptablesRules(partOf('iptables-save')), iptablesRules(partOf('ip6tables-save'))];
  const known = [...rules4.tables.map((table) => `ip ${table}`), ...rules6.tables.map((table) => `ip6 ${table}`)];
  return {
    sysctl: parseSysctls(sysctls),
    iptables: listed([...rules4.rules.map((rule) => `IPv4 ${rule}`), ...rules6.rules.map((rule) => `IPv6 ${rule}`)]),
    nft: listed(nftRules(partOf('nft'), known)),
  };
}
