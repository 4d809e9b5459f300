import { HOST_IFNAME } from '../../conf/names.ts';
import type { BaseChain } from '../../native/index.ts';

/** What a chain that drops by default keeps from working. Packets between pods and the outside pass by all of them. */
const effects: Partial<Record<BaseChain['hook'], string>> = {
  input: `pods cannot reach the node unless a rule accepts packets that come in by ${HOST_IFNAME}`,
  output: `the node cannot reach its pods unless a rule accepts packets that go out by ${HOST_IFNAME}`,
};

/** One sentence for each chain of the node's firewall that may stand between the node and its pods. Its rules are not judged. */
export function firewallWarnings(chains: readonly BaseChain[]): string[] {
  return chains.flatMap(({ family, table, name, hook, policy }) => {
    const effect = policy === 'drop' ? effects[hook] : undefined;
    return effect === undefined ? [] : [`nftables chain ${family} ${table} ${name} drops by default: ${effect}`];
  });
}
