import { readFileSync } from 'node:fs';
import type { Health } from '../conf/api/types.ts';
import { type Agent, AgentError } from './agent.ts';
import { readHealth } from './answers.ts';
import { isQueueFull } from './client.ts';
import type { LivenessProbe } from './liveness.ts';

/** Name of the pool that a call means which names none. */
const DEFAULT_POOL = 'default';

/**
 * The daemon's health by its own word, or, of one that serves calls and is too busy to answer, by what it last published: that a node is busy
 * is no reason to call it unhealthy.
 */
export class PublishedHealth implements Pick<Agent, 'health'> {
  readonly #agent: Pick<Agent, 'health'>;
  readonly #path: string;
  readonly #liveness: Pick<LivenessProbe, 'look'>;

  /** `path`: `Paths.health`. */
  constructor(agent: Pick<Agent, 'health'>, path: string, liveness: Pick<LivenessProbe, 'look'>) {
    this.#agent = agent;
    this.#path = path;
    this.#liveness = liveness;
  }

  /** Errors: those of `Agent.health`. */
  async health(pool?: string): Promise<Health> {
    try {
      return await this.#agent.health(pool);
    } catch (error) {
      const seen = this.#liveness.look();
      const isBusy = seen.state === 'alive' && seen.phase === 'serving' && isUnanswered(error);
      const published = isBusy ? this.#published(pool ?? DEFAULT_POOL) : undefined;
      if (published === undefined) throw error;
      return published;
    }
  }

  #published(pool: string): Health | undefined {
    try {
      const pools: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      return readHealth((pools as Readonly<Record<string, unknown>>)[pool]);
    } catch {
      return undefined;
    }
  }
}

function isUnanswered(error: unknown): boolean {
  return (error instanceof AgentError && error.code === 'timeout') || isQueueFull(error);
}
