/** What a proxy does to one exchange: a request, and what comes back until the next. */
export type Trouble =
  /** the answer comes `ms` milliseconds late */
  | { readonly delay: number }
  /** the daemon never sees the request, the caller never an answer; the connection stays open */
  | { readonly lose: 'request' }
  /** the daemon does what it is asked, the caller never hears of it; the connection stays open */
  | { readonly lose: 'answer' }
  /** only the first bytes of the answer arrive, then the connection ends */
  | { readonly truncate: number }
  /** something else arrives in place of the daemon's answer, which has done what it was asked */
  | { readonly replace: string | Uint8Array | ((answer: Buffer) => string | Uint8Array) }
  /** an answer without the daemon, which sees nothing */
  | { readonly answer: string | Uint8Array }
  /** the connection is closed when the request comes in; the daemon sees nothing */
  | { readonly close: true };

/** A trouble, and which exchanges meet it. */
export type Rule = Trouble & {
  /** compared with the first bytes of a request (up to 64 kB, read as Latin-1); every request when absent */
  readonly match?: RegExp;
  /** how many exchanges meet it; all when absent */
  readonly times?: number;
};

/** The rules of a proxy, the first that fits decides, with what is left of their `times`. */
export class Rulebook {
  readonly #rules: { readonly rule: Rule; left: number }[] = [];

  add(rule: Rule): void {
    this.#rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#rules.length = 0;
  }

  /** The rule for a request, which is used up by one. */
  take(request: Buffer): Rule | undefined {
    const text = request.subarray(0, 65_536).toString('latin1');
    const found = this.#rules.find(({ rule, left }) => left > 0 && (rule.match === undefined || text.search(rule.match) >= 0));
    if (found !== undefined) found.left -= 1;
    return found?.rule;
  }
}

/** An HTTP/1.1 answer as bytes, for `replace` and `answer`. A body that is not a string is sent as JSON. */
export function httpAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  const all = { 'content-type': type, 'content-length': `${Buffer.byteLength(text)}`, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status ${status}\r\n${lines.join('')}\r\n${text}`;
}
