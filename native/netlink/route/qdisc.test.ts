import { describe, expect, it } from 'vitest';
import { addClsact, deleteClsact, deleteQdisc, replaceQdisc } from './qdisc.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** struct tcmsg of interface 1, parent TC_H_ROOT */
const rootOfLo = '000000000100000000000000ffffffff00000000';

/** TCA_OPTIONS of 48 bytes; tc(8) leaves NLA_F_NESTED out, which the kernel accepts either way */
const nestedOptions = '30000280';

describe('queueing disciplines', () => {
  it('asks for netem as tc(8) does', () => {
    // iproute2 6.1.0, strace: tc qdisc replace dev lo root netem limit 10000 delay 20ms 2ms loss 10% rate 8mbit
    const options = 'b4c40400102700009a9999190000000000000000127a00001400060040420f00000000000000000000000000';
    const request = replaceQdisc({ kind: 'netem', ifindex: 1, limit: 10_000, delay: 20, jitter: 2, loss: 0.1, rate: 8e6 });
    expect(request).toMatchObject({ type: 36, flags: 0x500 });
    expect(hex(request.body)).toBe(`${rootOfLo}0a0001006e6574656d000000${nestedOptions}${options}`);
  });

  it('names a rate above 4 GB/s in 64 bits', () => {
    const { body } = replaceQdisc({ kind: 'tbf', ifindex: 1, rate: 8e10, burst: 1e6, limit: 2e6 });
    expect(hex(body)).toContain('0c00040000e40b5402000000');
  });

  it('refuses a rate that is none', () => {
    expect(() => replaceQdisc({ kind: 'tbf', ifindex: 1, rate: 0, burst: 1, limit: 1 })).toThrow('0 is not a number of bits per second');
  });

  it('asks for clsact, and for its end, as tc(8) does', () => {
    // iproute2 6.1.0, strace: tc qdisc add dev lo clsact; tc qdisc del dev lo clsact. tc pads the last attribute as we do
    const body = '00000000010000000000fffff1ffffff000000000b000100636c736163740000';
    expect(addClsact(1)).toMatchObject({ type: 36, flags: 0x600, operation: 'add qdisc clsact to interface 1' });
    expect(deleteClsact(1)).toMatchObject({ type: 37, flags: 0, operation: 'delete qdisc clsact of interface 1' });
    expect([addClsact(1), deleteClsact(1)].map((request) => hex(request.body))).toEqual([body, body]);
  });

  it('deletes the root of a device', () => {
    expect(deleteQdisc(1)).toMatchObject({ type: 37, operation: 'delete qdisc of interface 1' });
    expect(hex(deleteQdisc(1).body)).toBe(rootOfLo);
  });
});
