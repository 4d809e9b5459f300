import type { Status } from '../conf/api/types.ts';
import type { DaemonConfig } from '../conf/config/index.ts';
import type { Route } from './api/route.ts';
import type { EndpointService } from './endpoint/service.ts';
import type { Logger } from './log.ts';
import type { Running } from './start.ts';

/** What all modules get. */
export interface Core {
  readonly config: DaemonConfig;
  readonly log: Logger;
  readonly endpoints: EndpointService;
  /** What the start has made. Throws DomainError `starting` before that. */
  readonly running: Running;
}

/**
 * A feature of the daemon. Modules are made before the start, so that the API knows every route from the first moment; they start in the order of
 * modules.ts, once endpoints are restored and calls are served, and stop in reverse order.
 */
export interface Module {
  readonly name: string;
  readonly routes?: readonly Route[];
  /** Throws what keeps the daemon from serving. */
  start?(): Promise<void>;
  /** Leaves devices, programs, links and records as they are. */
  stop?(): void | Promise<void>;
  /** What keeps an ADD from working, one sentence each. */
  problems?(): readonly string[];
  /** The same, of an ADD that takes its addresses from this pool, the default one unless named. */
  addressProblems?(pool?: string): readonly string[];
  /** What does not keep an ADD from working, one sentence each. */
  warnings?(): readonly string[];
  /** Its sections of the status. */
  status?(): Partial<Status>;
}
