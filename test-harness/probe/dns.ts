import type { Family } from '../lab/address.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';
import { decodeAnswer, decodeQuestion, encodeAnswer, encodeQuestion, type RecordType } from './dns-message.ts';
import { answering, ask, type Exchange } from './exchange.ts';
import { WrongAnswer } from './outcome.ts';
import { anyOf } from './socket.ts';

/** A question over UDP and the answer that it should get. */
export interface DnsTarget {
  readonly name: string;
  /** default `A` */
  readonly type?: RecordType;
  /** default 53 */
  readonly port?: number;
  /** the records, in any order; at least one record of the type unless given */
  readonly answer?: readonly string[];
}

/** Names and their records: `{ 'db.example': { A: ['10.0.0.7'] } }`. Names are compared without regard to case (RFC 1035, section 2.3.3). */
export type Zone = Readonly<Record<string, Partial<Record<RecordType, readonly string[]>>>>;

/** Documentation addresses (RFC 5737, RFC 3849), for names that have no others. */
const EXAMPLES: Readonly<Record<RecordType, string>> = {
  A: '192.0.2.53',
  AAAA: '2001:db8::53',
  CNAME: 'alias.example',
  PTR: 'host.example',
  TXT: 'reached',
};

/**
 * A small DNS server in a namespace, UDP only, authoritative for `zone`: what is not in it is NXDOMAIN, and a type that a name lacks is
 * an empty answer. Dispose it.
 */
export async function serveDns(
  at: NetworkNamespace,
  zone: Zone,
  options: { readonly family?: Family; readonly port?: number; readonly address?: string } = {},
): Promise<Disposable> {
  const { family = 4, port = 53 } = options;
  const known = new Map(Object.entries(zone).map(([name, records]) => [name.toLowerCase().replace(/\.$/, ''), records]));
  return answering({ at, family, port, address: options.address ?? anyOf(family) }, {}, (message) => {
    const asked = decodeQuestion(message);
    if (asked === undefined) return undefined;
    const records = known.get(asked.name.toLowerCase());
    return encodeAnswer(asked, records && (asked.type === undefined ? [] : (records[asked.type] ?? [])));
  });
}

/** One question to a DNS server. */
export function dnsExchange({ name, type = 'A', port = 53, answer }: DnsTarget): Exchange {
  return {
    name: `DNS ${type} ${name} on port ${port}`,
    port,
    lossy: true,
    async serve(where, seen) {
      return answering(where, seen, (message) => {
        const asked = decodeQuestion(message);
        return asked && encodeAnswer(asked, asked.name === name ? (answer ?? [EXAMPLES[type]]) : undefined);
      });
    },
    async attempt({ at, family, address }, timeout) {
      const id = Math.floor(Math.random() * 0x10000);
      const reply = decodeAnswer(await ask(at, family, address, port, encodeQuestion(id, name, type), timeout), type);
      if (reply.id !== id) throw new WrongAnswer('answer to another question');
      if (reply.code !== 'NOERROR') throw new WrongAnswer(reply.code);
      if (!agrees(reply.records, answer)) throw new WrongAnswer(`records ${reply.records.join(', ') || 'none'}`);
    },
  };
}

function agrees(records: readonly string[], wanted: readonly string[] | undefined): boolean {
  if (wanted === undefined) return records.length > 0;
  return [...records].sort().join() === [...wanted].sort().join();
}
