import { table } from '../lib/table.ts';

/** One line per key, `ipam.mode   cluster-pool`; lists in their JSON form. */
export function configText(config: Readonly<Record<string, unknown>>): string {
  return table(['KEY', 'VALUE'], rows(config, ''));
}

function rows(value: object, prefix: string): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    const isSection = typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Object.keys(inner).length > 0;
    return isSection ? rows(inner, `${prefix}${key}.`) : [[`${prefix}${key}`, typeof inner === 'string' ? inner : JSON.stringify(inner)]];
  });
}
