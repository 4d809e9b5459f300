import type { Health } from '../../conf/api/types.ts';
import { CniError, toCniError } from '../../conf/cni/errors.ts';
import type { Agent } from '../agent.ts';

/**
 * STATUS: would an ADD be served now? Errors: CniError `not-available` (50). Running pods do not need the daemon, whose programs and maps stay
 * in the kernel, so that its absence is no `limited-connectivity` (51).
 */
export async function status(agent: Pick<Agent, 'health'>): Promise<void> {
  const health = await askHealth(agent);
  if (health.state === 'ok') return;
  const [first = `the daemon is ${health.state}`, ...more] = health.problems;
  const rest = more.length > 0 ? ` (and ${more.length} more)` : '';
  throw new CniError('not-available', `serve ADD: ${first}${rest}`, { details: health.problems.join('\n') });
}

async function askHealth(agent: Pick<Agent, 'health'>): Promise<Health> {
  try {
    return await agent.health();
  } catch (thrown) {
    const { message, details } = toCniError(thrown);
    throw new CniError('not-available', `serve ADD: ${message}`, { cause: thrown, ...(details !== undefined && { details }) });
  }
}
