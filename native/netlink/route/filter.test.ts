import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader } from '../reader.ts';
import { type BpfFilterSpec, deleteBpfFilter, replaceBpfFilter } from './filter.ts';
import { decodeFilter } from './traffic-control.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const spec: BpfFilterSpec = { ifindex: 1, hook: 'ingress', priority: 1, handle: 0x61786f, program: { use: () => 4 }, name: 'p:[*fsobj]' };

describe('filters of the kind bpf', () => {
  it('are asked for as by tc(8), which leaves NLA_F_NESTED out', () => {
    // iproute2 6.1.0, strace: tc filter replace dev lo ingress prio 1 handle 0x61786f bpf direct-action object-pinned bpf/p
    const header = '00000000010000006f786100f2ffffff00030100';
    const options = '08000600040000000f000700703a5b2a66736f626a5d00000800080001000000';
    expect(replaceBpfFilter(spec)).toMatchObject({
      ...{ type: 44, flags: 0x500, operation: 'set filter p:[*fsobj] at ingress of interface 1' },
    });
    expect(hex(replaceBpfFilter(spec).body)).toBe(`${header}0800010062706600${'24000280'}${options}`);
  });

  it('are deleted by their key', () => {
    // tc filter del dev lo ingress prio 1 handle 0x61786f bpf: tc names no protocol, which the kernel takes for any
    expect(deleteBpfFilter(spec)).toMatchObject({ type: 45, flags: 0, operation: 'delete filter 6387823 at ingress of interface 1' });
    expect(hex(deleteBpfFilter(spec).body)).toBe('00000000010000006f786100f2ffffff000301000800010062706600');
    expect(hex(deleteBpfFilter({ ...spec, hook: 'egress' }).body)).toContain('f3ffffff');
  });

  it('are read as they were asked for', () => {
    const specs = fc.record({
      ifindex: fc.integer({ min: 1, max: 0x7fffffff }),
      hook: fc.constantFrom('ingress', 'egress'),
      priority: fc.integer({ min: 1, max: 0xffff }),
      handle: fc.integer({ min: 1, max: 0xffffffff }),
      name: fc.stringMatching(/^[a-z_]{1,40}$/),
    });
    fc.assert(
      fc.property(specs, ({ hook, name, ...numbers }) => {
        const { body } = replaceBpfFilter({ ...numbers, hook, name, program: { use: () => 9 } });
        expect(decodeFilter(new Reader(body))).toEqual({
          ...numbers,
          ...{ parent: `clsact ${hook}`, kind: 'bpf', protocol: 3, actions: [], bpf: { name, id: 0, direct: true } },
        });
      }),
    );
  });

  it('refuse a priority or handle that is none', () => {
    expect(() => replaceBpfFilter({ ...spec, priority: 65536 })).toThrow('65536 is not an integer from 0 to 65535');
    expect(() => replaceBpfFilter({ ...spec, name: 'a\0b' })).toThrow('contains a zero byte');
  });
});
