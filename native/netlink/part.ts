import type { Request } from './message.ts';
import type { Reader } from './reader.ts';
import type { NetlinkSocket } from './socket.ts';

/** What the parts of the rtnetlink client share. */
export class Part {
  protected readonly socket: NetlinkSocket;

  constructor(socket: NetlinkSocket) {
    this.socket = socket;
  }

  protected async send(request: Request): Promise<void> {
    await this.socket.request(request);
  }

  /** The answers of one type, decoded; those that `decode` has no word for are left out. */
  protected async receive<T>(request: Request, type: number, decode: (body: Reader) => T | undefined): Promise<T[]> {
    const messages = await this.socket.request(request);
    return messages.filter((message) => message.type === type).flatMap((message) => decode(message.body) ?? []);
  }
}
