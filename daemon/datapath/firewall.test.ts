import { expect, it } from 'vitest';
import type { BaseChain } from '../../native/index.ts';
import { firewallWarnings } from './firewall.ts';

const chain = (hook: BaseChain['hook'], policy: BaseChain['policy'] = 'drop'): BaseChain => ({
  family: 'inet',
  table: 'filter',
  name: hook,
  hook,
  policy,
});

it.each([
  [
    'input',
    'nftables chain inet filter input drops by default: pods cannot reach the node unless a rule accepts packets that come in by axo_host',
  ],
  [
    'output',
    'nftables chain inet filter output drops by default: the node cannot reach its pods unless a rule accepts packets that go out by axo_host',
  ],
] as const)('a chain at %s that drops by default is named', (hook, sentence) => {
  expect(firewallWarnings([chain(hook)])).toEqual([sentence]);
});

it('chains that accept, or that no packet of a pod meets, are not', () => {
  expect(firewallWarnings([chain('input', 'accept'), chain('forward'), chain('prerouting')])).toEqual([]);
});
