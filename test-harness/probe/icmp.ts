import type { Exchange } from './exchange.ts';
import { outcomeOfPing, Silence, WrongAnswer } from './outcome.ts';
import { ping } from './ping.ts';

/** ICMP said no; `code` is an errno name that sorts like the same news at a socket. */
class IcmpError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One ICMP echo request; the kernel of the other side answers it, whoever lives there. */
export function icmpExchange(): Exchange {
  return {
    name: 'ICMP echo',
    port: 0,
    lossy: true,
    async serve() {
      return { [Symbol.dispose]: () => undefined };
    },
    async attempt({ at, address }, timeout) {
      const answer = await ping(at, address, { timeout });
      if (answer.reached) return;
      const reason = answer.reason ?? 'timeout';
      const outcome = outcomeOfPing(reason);
      if (outcome === 'timeout') throw new Silence('timeout');
      const words = `${reason}${answer.errorFrom === undefined ? '' : ` (from ${answer.errorFrom})`}`;
      if (outcome === 'failed') throw new WrongAnswer(words);
      throw new IcmpError(outcome === 'refused' ? 'ECONNREFUSED' : 'EHOSTUNREACH', words);
    },
  };
}
