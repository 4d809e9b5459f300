import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttrWriter } from './attr.ts';
import { DecodeError, EncodeError } from './errors.ts';
import { type Attr, attributes, Reader } from './reader.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const only = (bytes: Uint8Array): Attr => {
  const [attr] = attributes(new Reader(bytes));
  if (attr === undefined) throw new Error('no attribute');
  return attr;
};

describe('AttrWriter', () => {
  it('pads to four bytes and counts the length without padding', () => {
    expect(hex(new AttrWriter().u8(1, 0xab).str(2, 'lo').finish())).toBe('05000100ab000000' + '070002006c6f0000');
  });

  it('writes network order where it is asked for', () => {
    expect(hex(new AttrWriter().be16(1, 0x1234).be32(2, 0x12345678).finish())).toBe('0600010012340000' + '0800020012345678');
  });

  it('sets the length and the flag of a nested attribute', () => {
    const bytes = new AttrWriter().nested(18, (info) => info.u32(1, 1).nested(2, (data) => data.flag(3))).finish();
    expect(hex(bytes)).toBe('14001280' + '0800010001000000' + '08000280' + '04000300');
  });

  it('keeps the first value that does not fit and throws it at the end', () => {
    const writer = new AttrWriter().u8(1, 256).u16(2, -1).str(3, 'fine');
    expect(() => writer.finish()).toThrow(new EncodeError('attribute 1', '256 is not an integer from 0 to 255'));
    expect(() => new AttrWriter().str(3, 'a\0b').finish()).toThrow(EncodeError);
    expect(() => new AttrWriter().u32(3, 1.5).finish()).toThrow('1.5 is not an integer');
    expect(() => new AttrWriter().nested(9, (inner) => inner.bytes(1, new Uint8Array(65536))).finish()).toThrow('16-bit length');
    expect(() => new AttrWriter().struct(4, (put) => put.u16(0, 70000)).finish()).toThrow('struct field at 0');
  });

  it('grows without losing what is written', () => {
    const writer = new AttrWriter();
    for (let i = 0; i < 300; i++) writer.u32(1, i);
    expect([...attributes(new Reader(writer.finish()))].map((attr) => attr.u32())).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });
});

describe('Attr', () => {
  it('demands the exact length, and says where it stands', () => {
    const attr = only(new AttrWriter().u16(7, 5).finish());
    expect(attr.u16()).toBe(5);
    expect(() => attr.u32()).toThrow(new DecodeError('attribute 7 has 2 bytes, not 4', 4));
  });

  it('reads strings with and without their zero', () => {
    expect(only(new AttrWriter().str(1, 'eth0').finish()).str()).toBe('eth0');
    expect(only(new AttrWriter().bytes(1, Buffer.from('veth')).finish()).str()).toBe('veth');
  });

  it('refuses a length below the header, which would never end', () => {
    expect(() => [...attributes(new Reader(Uint8Array.of(0, 0, 1, 0)))]).toThrow(DecodeError);
    expect(() => [...attributes(new Reader(Uint8Array.of(9, 0, 1, 0)))]).toThrow('needs 5 bytes, 0 left');
    expect(() => [...attributes(new Reader(Uint8Array.of(9, 0)))]).toThrow(DecodeError);
  });
});

type Tree = { readonly type: number; readonly payload: Uint8Array | readonly Tree[] };

const trees = fc.letrec<{ tree: Tree; leaf: Tree; node: Tree }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('node')),
  leaf: fc.record({ type: fc.nat(0x3fff), payload: fc.uint8Array({ maxLength: 40 }) }),
  node: fc.record({ type: fc.nat(0x3fff), payload: fc.array(tie('tree'), { maxLength: 4 }) }),
})).tree;

function write(writer: AttrWriter, { type, payload }: Tree): void {
  if (payload instanceof Uint8Array) writer.bytes(type, payload);
  else {
    writer.nested(type, (inner) => {
      for (const child of payload) write(inner, child);
    });
  }
}

/** Reads along the shape of `tree`, since the bytes do not tell what is nested. */
function read(attr: Attr, tree: Tree): Tree {
  const { payload } = tree;
  if (payload instanceof Uint8Array) return { type: attr.type, payload: attr.bytes() };
  return { type: attr.type, payload: [...attr.nested()].map((child, i) => read(child, payload[i] ?? tree)) };
}

describe('any tree of attributes', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(trees, { maxLength: 5 }), (list) => {
        const writer = new AttrWriter();
        for (const tree of list) write(writer, tree);
        const back = [...attributes(new Reader(writer.finish()))].map((attr, i) => read(attr, list[i] ?? { type: 0, payload: [] }));
        expect(back).toEqual(list);
      }),
    );
  });
});
