import type { Endpoint } from '../../conf/api/types.ts';
import type { Rtnetlink } from '../../native/index.ts';
import type { Logger } from '../log.ts';
import type { Hooks } from './hooks.ts';
import type { Attachments } from './links.ts';
import type { EndpointMaps } from './maps.ts';

/** What watches over pods' devices, programs and rows works with. */
export interface PodStateParts {
  readonly rtnl: Rtnetlink;
  readonly attachments: Attachments;
  readonly hooks: Hooks;
  readonly maps: EndpointMaps;
  readonly log: Logger;
}

/** Runs work on an endpoint that is ready, with nothing else at work on its attachment; undefined when it is not ready. */
export type WhileReady = <T>(id: number, work: (endpoint: Endpoint) => Promise<T>) => Promise<T | undefined>;
