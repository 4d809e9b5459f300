import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from './errors.ts';
import { Reader } from './reader.ts';
import { decodeFilter, decodeQdisc, listFilters, listQdiscs } from './route/traffic-control.ts';

/** Bodies of answers from Linux 6.18.44 to what iproute2-6.1.0 had set; the commands stand beside them. */
const vectors = {
  /** tc qdisc add dev left root handle 1: tbf rate 8mbit burst 20000 limit 50000 */
  tbf: '000000000300000000000100ffffffff0300000008000100746266002c00020028000100000100000000000040420f0000000000000000000000000050c30000b4c404000000000005000c00000000003000070014000100000000000000000000000000000000001800030000000000000000000000000000000000000000002c00030000000000000000000000000000000000000000000000000000000000000000000000000000000000',
  /** tc qdisc add dev right clsact */
  clsact:
    '00000000020000000000fffff1ffffff010000000b000100636c7361637400000400020005000c00000000003000070014000100000000000000000000000000000000001800030000000000000000000000000000000000000000002c00030000000000000000000000000000000000000000000000000000000000000000000000000000000000',
  /** tc filter add dev right ingress prio 3 bpf direct-action object-file sample.o section tc: the head of the chain, then the filter */
  bpfHead: '000000000200000000000000f2ffffff00030300080001006270660008000b0000000000',
  bpf: '000000000200000001000000f2ffffff00030300080001006270660008000b00000000003c0002001200070073616d706c652e6f3a5b74635d00000008000b00a94300000c000a00d08001f4c638d24908000800010000000800090008000000',
  /** tc filter add dev right egress protocol ip u32 match u32 0 0 action mirred egress redirect dev left: a hash table, then the filter */
  u32Table: '000000000200000000000080f3ffffff080000c0080001007533320008000b00000000000c0002000800040001000000',
  u32: '000000000200000000080080f3ffffff080000c0080001007533320008000b0000000000e0000200240005000100010000000000000000000000000000000000000000000000000000000000080002000000008008000b0008000000a8000700a40001000b0001006d69727265640000440004001400010000000000000000000000000000000000140007000000000000000000000000000000000018000300000000000000000000000000000000000000000008000a0000000000480002002000020001000000000000000400000001000000010000000100000003000000240001000000000000000000000000000000000000000000000000000000000000000000',
} as const;

const reader = (name: keyof typeof vectors) => new Reader(Buffer.from(vectors[name], 'hex'));

describe('queueing disciplines', () => {
  it('are told with what a token bucket lets through', () => {
    const tbf = { rate: 1_000_000n, burst: 20_000n, limit: 50_000 };
    expect(decodeQdisc(reader('tbf'))).toEqual({ ifindex: 3, kind: 'tbf', handle: '1:', parent: 'root', tbf });
    expect(decodeQdisc(reader('clsact'))).toEqual({ ifindex: 2, kind: 'clsact', handle: 'ffff:', parent: 'ingress' });
  });
});

describe('filters', () => {
  it('are told with their program or actions', () => {
    expect(decodeFilter(reader('bpf'))).toEqual({
      ...{ ifindex: 2, parent: 'clsact ingress', kind: 'bpf', priority: 3, protocol: 3, handle: 1, actions: [] },
      bpf: { name: 'sample.o:[tc]', id: 17321, direct: true },
    });
    expect(decodeFilter(reader('u32'))).toEqual({
      ...{ ifindex: 2, parent: 'clsact egress', kind: 'u32', priority: 49152, protocol: 0x0800, handle: 0x80000800 },
      actions: [{ kind: 'mirred', ifindex: 3 }],
    });
  });

  it('are not the heads and tables that stand before them', () => {
    expect(decodeFilter(reader('bpfHead'))).toBeUndefined();
    expect(decodeFilter(reader('u32Table'))).toBeUndefined();
  });

  it('are asked for by device and parent', () => {
    expect(Buffer.from(listQdiscs().body).toString('hex')).toBe('00'.repeat(20));
    expect(Buffer.from(listFilters(2, 'clsact egress').body).toString('hex')).toBe('000000000200000000000000f3ffffff00000000');
    expect(Buffer.from(listFilters(2, '1:').body).toString('hex', 12, 16)).toBe('00000100');
  });
});

it('damaged answers are refused with an offset, never by another error', () => {
  const decode = (bytes: Uint8Array) => {
    for (const codec of [decodeQdisc, decodeFilter]) {
      try {
        codec(new Reader(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  };
  for (const hex of Object.values(vectors)) {
    const whole = Buffer.from(hex, 'hex');
    for (let size = 0; size < whole.length; size += 1) decode(whole.subarray(0, size));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const damaged = Buffer.from(whole);
        damaged[at] = value;
        decode(damaged);
      }),
    );
  }
});
