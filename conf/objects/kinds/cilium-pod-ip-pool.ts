import * as z from 'zod/mini';
import { bitsOf, type Cidr, overlaps, parseCidr } from '../../model/cidr.ts';
import { dnsSubdomain } from '../../model/syntax.ts';
import { poolNetwork } from '../addresses.ts';
import { ageColumn } from '../columns/column.ts';
import type { Kind, ObjectOf } from '../kind.ts';
import { labelSelector, typeMeta } from '../meta.ts';
import { described, flag, integer, list, optional, section } from '../schema/fields.ts';
import { atLeastOne, immutable, type Report, rule } from '../schema/rules.ts';

const family = (number: 4 | 6) => {
  const maskSize = integer(1, bitsOf(number), 'a prefix length');
  return section({
    cidrs: described('Networks from which nodes get blocks.', list(poolNetwork(number), { min: 1 })),
    maskSize: described('Prefix length of the block that a node takes at a time, in bits.', immutable(maskSize)),
  }).check(rule(checkNetworks));
};

/** No network is smaller than the blocks that are cut from it, and no two share an address. */
function checkNetworks({ cidrs, maskSize }: Readonly<Record<string, unknown>>, report: Report): void {
  const texts = (Array.isArray(cidrs) ? cidrs : []).map(String);
  const small = texts.find((text) => typeof maskSize === 'number' && (exactNetwork(text)?.length ?? 0) > maskSize);
  if (small !== undefined) report(['maskSize'], `a block of /${String(maskSize)} does not fit into ${small}`);
  for (const [index, text] of texts.entries()) {
    const other = texts.slice(0, index).find((before) => isOverlapping(before, text));
    if (other !== undefined) report(['cidrs', index], `${text} overlaps ${other}`);
  }
}

/** The field itself reports what is no network. */
function exactNetwork(text: string): Cidr | undefined {
  const network = parseCidr(text);
  return network?.isExact === true ? network : undefined;
}

function isOverlapping(a: string, b: string): boolean {
  const [first, second] = [exactNetwork(a), exactNetwork(b)];
  return first !== undefined && second !== undefined && overlaps(first, second);
}

const schema = section({
  ...typeMeta(['cilium.io/v2alpha1'], 'CiliumPodIPPool'),
  spec: section({
    ipv4: optional(family(4)),
    ipv6: optional(family(6)),
    podSelector: optional(labelSelector()),
    namespaceSelector: optional(labelSelector()),
    allowFirstIP: immutable(z._default(flag(), false)),
    allowLastIP: immutable(z._default(flag(), false)),
  }).check(...atLeastOne('ipv4', 'ipv6')),
});

export const ciliumPodIPPool: Kind<typeof schema> = {
  group: 'cilium.io',
  kind: 'CiliumPodIPPool',
  plural: 'ciliumpodippools',
  singular: 'ciliumpodippool',
  shortNames: ['cpip'],
  categories: ['cilium'],
  version: 'v2alpha1',
  namespaced: false,
  hasStatus: false,
  name: dnsSubdomain,
  schema,
  columns: [ageColumn],
  selectableFields: [],
};

export type CiliumPodIPPool = ObjectOf<typeof ciliumPodIPPool>;
