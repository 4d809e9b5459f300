import type { BootTime } from '../../conf/moment.ts';
import type { GraceWindow } from '../datapath/expedite.ts';
import type { Logger } from '../log.ts';
import type { Addressing, EndpointDatapath } from './ports.ts';
import type { RecordStore } from './record.ts';

/** What the manager of endpoints works with. */
export interface ManagerParts {
  readonly store: RecordStore;
  readonly datapath: EndpointDatapath;
  readonly addressing: Addressing;
  readonly window: GraceWindow;
  readonly log: Logger;
  /** The time, for records. */
  readonly now: () => Date;
  /** The same by a clock that nobody can set. */
  readonly bootTime: () => BootTime;
}
