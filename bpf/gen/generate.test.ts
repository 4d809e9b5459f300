import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Btf } from './btf.ts';
import { dropTexts } from './drop-reasons.ts';
import { generate } from './generate.ts';
import { emptyModel, merge, structModel } from './model.ts';

const root = join(import.meta.dirname, '..', '..');

describe('the generated files', () => {
  for (const [path, text] of Object.entries(generate())) {
    it(`${path} says what the objects say`, () => {
      expect(readFileSync(join(root, path), 'utf8')).toBe(text);
    });
  }
});

/** A BTF section with these type records; strings are the names in order of use. */
function btf(records: readonly (readonly (number | string)[])[]): Btf {
  const strings = ['', ...new Set(records.flat().filter((word) => typeof word === 'string'))];
  const offsets = new Map(strings.map((text, i) => [text, strings.slice(0, i).reduce((sum, { length }) => sum + length + 1, 0)]));
  const table = Buffer.from(strings.map((text) => `${text}\0`).join(''));
  const words = records.flat().map((word) => (typeof word === 'string' ? (offsets.get(word) ?? 0) : word));
  const types = Buffer.from(new Uint32Array(words).buffer);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f);
  header[2] = 1;
  for (const [i, word] of [24, 0, types.length, types.length, table.length].entries()) header.writeUInt32LE(word, 4 + 4 * i);
  return new Btf(Buffer.concat([header, types, table]));
}

const KIND = { int: 1, struct: 4, union: 5, typedef: 8 };
const info = (kind: number, count = 0, flag = 0) => (flag * 0x80000000 + kind * 0x1000000 + count) >>> 0;
const int = (name: string, bytes: number) => [name, info(KIND.int), bytes, bytes * 8];

/** Lays out `struct s { members }` over type 1, a four byte integer, and type 2, `__be32`. */
function layOut(size: number, members: readonly (readonly [string, number, number])[], flag = 0) {
  const types = btf([
    int('unsigned int', 4),
    ['__be32', info(KIND.typedef), 1],
    ['u', info(KIND.union, 1), 4, 'a', 1, 0],
    ['s', info(KIND.struct, members.length, flag), size, ...members.flat()],
  ]);
  return () => structModel(types, types.get(4));
}

describe('a shared struct', () => {
  it('has its byte order from the names of types', () => {
    const { fields } = layOut(8, [
      ['host_order', 1, 0],
      ['wire_order', 2, 32],
    ])();
    expect(fields.map(({ name, expression }) => [name, expression])).toEqual([
      ['hostOrder', 'u32(0)'],
      ['wireOrder', 'be32(4)'],
    ]);
  });

  it('has no hole between members', () => {
    expect(
      layOut(12, [
        ['a', 1, 0],
        ['b', 1, 64],
      ]),
    ).toThrow('lay out s.b: follows a hole at byte 4: declare it as padding');
  });

  it('has no hole at its end', () => {
    expect(layOut(8, [['a', 1, 0]])).toThrow('lay out s: a hole at byte 4: declare it as padding');
  });

  it('has no bit fields', () => {
    expect(layOut(4, [['a', 1, 3 * 0x1000000]], 1)).toThrow('lay out s.a: is a bit field');
  });

  it('has no unions', () => {
    expect(layOut(4, [['a', 3, 0]])).toThrow('lay out s.a: is a union, which shared structs cannot hold');
  });
});

describe('merge', () => {
  it('refuses one map with two declarations', () => {
    const [one, two] = [1024, 2048].map((maxEntries) => {
      const model = emptyModel();
      model.maps.set('m', { name: 'm', type: 1, maxEntries, flags: 0 });
      return model;
    });
    if (!one || !two) throw new Error('two models');
    expect(() => merge(one, two)).toThrow('merge maps: m is declared differently in two objects');
  });
});

describe('Btf', () => {
  it('refuses what is no BTF', () => {
    expect(() => new Btf(Buffer.alloc(32))).toThrow('read BTF: wrong magic or version');
  });
});

describe('dropTexts', () => {
  it('asks for a comment behind every reason', () => {
    const model = {
      name: 'drop_reason',
      values: [
        { name: 'DROP_A', value: 1 },
        { name: 'DROP_B', value: 2 },
      ],
    };
    expect(() => dropTexts(model, '\tDROP_A = 1, /* first */\n\tDROP_B = 2,\n')).toThrow('document drop reason B: no comment');
    expect(dropTexts(model, '\tDROP_A = 1, /* first */\n\tDROP_B = 2, /* second */\n')).toEqual([
      { name: 'A', value: 1, text: 'first' },
      { name: 'B', value: 2, text: 'second' },
    ]);
  });
});
