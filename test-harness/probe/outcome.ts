/**
 * How an attempt to reach something ended:
 * - `reached`: the right answer came back;
 * - `refused`: the other side, or something on the way in its name, said no (TCP reset, ICMP port unreachable): packets get there and back;
 * - `unreachable`: a host or router said that there is no way, or forbade it (ICMP, or the local routing table);
 * - `timeout`: silence: a packet was dropped, there or back;
 * - `wrong`: something answered, but not what was expected;
 * - `failed`: anything else; the reason says what.
 */
export type Outcome = 'reached' | 'refused' | 'unreachable' | 'timeout' | 'wrong' | 'failed';

/** What came back was not what was expected; `message` says what it was. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** Nothing came back in time. */
export class Silence extends Error {
  override readonly name = 'Silence';
  readonly code = 'timeout';
}

const byCode: Readonly<Record<string, Outcome>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'timeout',
  timeout: 'timeout',
};

/** Sorts an error of a socket. */
export function outcomeOfError(error: unknown): { outcome: Outcome; reason: string } {
  if (error instanceof WrongAnswer) return { outcome: 'wrong', reason: error.message };
  const { code, message } = error as NodeJS.ErrnoException;
  return { outcome: (code === undefined ? undefined : byCode[code]) ?? 'failed', reason: code ?? message };
}

/** Sorts what ping(8) of iputils said; the words are those of its pr_icmph(). */
export function outcomeOfPing(reason: string): Outcome {
  if (reason === 'timeout') return 'timeout';
  if (/port unreachable/i.test(reason)) return 'refused';
  return /unreachable|filtered|prohibited|no route/i.test(reason) ? 'unreachable' : 'failed';
}

/** The promise's value, or Silence after `timeout` ms. `onTimeout` ends what is still under way. */
export function withinTime<T>(promise: Promise<T>, timeout: number, onTimeout: () => void = () => undefined): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Silence('timeout'));
      onTimeout();
    }, timeout);
  });
  promise.catch(() => undefined);
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
}
