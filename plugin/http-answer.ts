import { AgentError } from './agent.ts';

/** The daemon's answer, body not yet parsed. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The connection can carry another exchange. */
  readonly keepsOpen: boolean;
}

/** An answer of more bytes is refused: the largest real one, a plan, has some two thousand. */
const MAX_ANSWER = 4 * 1024 * 1024;

const LINE_END = '\r\n';

interface Head {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  /** Where the body begins. */
  readonly size: number;
}

/**
 * Reads one HTTP/1.1 answer as it arrives (RFC 9112): a body of known length, in chunks, or to the end of the connection. What is no such
 * answer is refused with AgentError `protocol`.
 */
export class AnswerReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** Takes in what arrived; the answer, once it is complete. */
  push(chunk: Buffer): Answer | undefined {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (this.#bytes.length > MAX_ANSWER) throw rubbish(`it has more than ${MAX_ANSWER} bytes`);
    const head = readHead(this.#bytes);
    const body = head && readBody(head, this.#bytes.subarray(head.size));
    return (
      head &&
      body && { status: head.status, text: body.toString('utf8'), keepsOpen: head.fields.get('connection')?.toLowerCase() !== 'close' }
    );
  }

  /** The connection has ended: the answer, if what arrived is one. */
  end(): Answer | undefined {
    const head = readHead(this.#bytes);
    if (!head || !endsWithConnection(head)) return undefined;
    return { status: head.status, text: this.#bytes.toString('utf8', head.size), keepsOpen: false };
  }
}

/** Status line and fields; undefined while they may still become whole. */
function readHead(bytes: Buffer): Head | undefined {
  const end = bytes.indexOf(LINE_END + LINE_END);
  const [first = '', ...lines] = bytes.toString('latin1', 0, end < 0 ? bytes.length : end).split(LINE_END);
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
  if (end < 0 && 'HTTP/1.'.startsWith(first.slice(0, 7))) return undefined;
  if (end < 0 || status === undefined) throw rubbish('it is not HTTP');
  return { status: Number(status), fields: new Map(lines.map(parseField)), size: end + 2 * LINE_END.length };
}

function parseField(line: string): [string, string] {
  const colon = Math.max(line.indexOf(':'), 0);
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function endsWithConnection({ status, fields }: Head): boolean {
  return status !== 204 && !fields.has('content-length') && !fields.has('transfer-encoding');
}

/** The body, once all of it is there. */
function readBody(head: Head, rest: Buffer): Buffer | undefined {
  const { status, fields } = head;
  if (status === 204) return Buffer.alloc(0);
  if (endsWithConnection(head)) return undefined;
  const encoding = fields.get('transfer-encoding');
  if (encoding === 'chunked') return readChunks(rest);
  const length = fields.get('content-length') ?? '';
  if (encoding !== undefined || !/^\d{1,9}$/.test(length)) throw rubbish('its length cannot be told');
  return rest.length < Number(length) ? undefined : rest.subarray(0, Number(length));
}

/** The chunks of a body put together, once the empty one that ends it is there. Extensions and trailers say nothing to us. */
function readChunks(rest: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf(LINE_END, at);
    if (lineEnd < 0) return undefined;
    const size = /^([0-9a-f]{1,7})(?:[ \t;]|$)/i.exec(rest.toString('latin1', at, lineEnd))?.[1];
    if (size === undefined) throw rubbish('a chunk has no size');
    const begin = lineEnd + LINE_END.length;
    const end = begin + Number.parseInt(size, 16);
    if (rest.length < end + LINE_END.length) return undefined;
    if (end === begin) return Buffer.concat(chunks);
    chunks.push(rest.subarray(begin, end));
    at = end + LINE_END.length;
  }
}

function rubbish(problem: string): AgentError {
  return new AgentError('protocol', `read the answer: ${problem}`);
}
