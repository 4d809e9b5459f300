import * as z from 'zod/mini';
import { describeIssues } from '../../conf/api/schemas.ts';
import type { EndpointPlan } from '../../conf/api/types.ts';
import type { IpamSnapshot } from '../../ipam/index.ts';
import { messageOf } from '../failure.ts';
import { moveAside, readIfThere, writeWhole } from '../files.ts';
import type { Logger } from '../log.ts';

/** What `ipam.json` holds. */
export interface IpamState {
  readonly version: 1;
  readonly ipam: IpamSnapshot;
  readonly routers: EndpointPlan['routers'];
}

const stateSchema = z.strictObject({
  version: z.literal(1),
  ipam: z.strictObject({
    version: z.literal(1),
    blocks: z.array(z.strictObject({ pool: z.string(), family: z.union([z.literal(4), z.literal(6)]), cidr: z.string() })),
  }),
  routers: z.strictObject({ ipv4: z.exactOptional(z.string()), ipv6: z.exactOptional(z.string()) }),
}) satisfies z.ZodMiniType<IpamState>;

/** The file of the node's blocks and router addresses. */
export class IpamFile {
  readonly #path: string;
  readonly #log: Logger;

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** Undefined when there is no file. One that cannot be read is moved aside, to `*.bad`, with a line in the log. */
  read(): IpamState | undefined {
    const text = readIfThere(this.#path);
    if (text === undefined) return undefined;
    try {
      const parsed = z.safeParse(stateSchema, JSON.parse(text));
      if (!parsed.success) throw new Error(describeIssues(parsed.error.issues));
      return parsed.data;
    } catch (error) {
      this.#log.error({ file: moveAside(this.#path), error: messageOf(error) }, 'moved a bad ipam file aside');
      return undefined;
    }
  }

  /** Writes the file unless it says this already: a start with nothing new needs no room on the disk. */
  write(state: IpamState): void {
    const text = `${JSON.stringify(state)}\n`;
    if (readIfThere(this.#path) !== text) writeWhole(this.#path, text);
  }
}
