import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { createConnection } from 'node:net';

/** A call that the server answered with a status other than 0; its message is the server's own words. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  /** https://grpc.github.io/grpc/core/md_doc_statuscodes.html; 5 is NOT_FOUND */
  readonly status: number;

  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

/**
 * gRPC over a Unix socket, one message out and one in. Format: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
 * Disposing it ends the connection.
 */
export class GrpcChannel implements Disposable {
  readonly #session: ClientHttp2Session;

  constructor(socketPath: string) {
    this.#session = connect('http://localhost', { createConnection: () => createConnection(socketPath) });
    // a lost connection is told by the calls that it breaks
    this.#session.on('error', () => undefined);
  }

  /** Calls `/service/method`; rejects with GrpcError, or with the connection's error. `timeout` is in ms. */
  async call(path: string, message: Buffer, timeout = 30_000): Promise<Buffer> {
    const { HTTP2_HEADER_METHOD: method, HTTP2_HEADER_PATH: where } = constants;
    const stream = this.#session.request({ [method]: 'POST', [where]: path, 'content-type': 'application/grpc', te: 'trailers' });
    stream.setTimeout(timeout, () => stream.destroy(new Error(`call ${path}: no answer after ${timeout} ms`)));
    const trailers: IncomingHttpHeaders = {};
    // a call that fails at once has its status in the headers
    stream.on('response', (headers) => Object.assign(trailers, headers)).on('trailers', (headers) => Object.assign(trailers, headers));
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
    await once(stream, 'close');
    const status = Number(trailers['grpc-status'] ?? 2);
    if (status !== 0) throw new GrpcError(status, decodeURIComponent(`${trailers['grpc-message'] ?? `call ${path}: broken off`}`));
    return Buffer.concat(chunks).subarray(5);
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }
}
