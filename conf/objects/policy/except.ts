import { contains, parseCidr } from '../../model/cidr.ts';
import type { Report } from '../schema/rules.ts';

/** Every exception lies inside the network from which it is taken. */
export function checkExcept({ cidr, except }: Readonly<Record<string, unknown>>, report: Report): void {
  const outer = typeof cidr === 'string' ? parseCidr(cidr) : undefined;
  if (!outer || !Array.isArray(except)) return;
  for (const [index, text] of except.entries()) {
    const inner = typeof text === 'string' ? parseCidr(text) : undefined;
    if (inner && !contains(outer, inner)) report(['except', index], `${text} is not inside ${cidr}`);
  }
}
