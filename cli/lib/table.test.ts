import { describe, expect, it } from 'vitest';
import { fields, table } from './table.ts';

describe('table', () => {
  it('pads columns to their widest line and leaves nothing at the end of a line', () => {
    expect(
      table(
        ['A', 'LONG', 'C'],
        [
          [1, 'x', 'end'],
          ['wide cell', '', ''],
        ],
      ),
    ).toBe('A           LONG   C\n1           x      end\nwide cell');
  });

  it('gives a cell as many lines as it has', () => {
    expect(table(['ID', 'LABELS', 'IP'], [[7, 'a\nb\nc', '::1']])).toBe('ID   LABELS   IP\n7    a        ::1\n     b\n     c');
  });

  it('without rows is its header', () => {
    expect(table(['A', 'B'], [])).toBe('A   B');
  });
});

describe('fields', () => {
  it('aligns texts, also those of several lines', () => {
    expect(
      fields([
        ['Node', 'n'],
        ['Problems', 'a\nb'],
      ]),
    ).toBe(`Node:${' '.repeat(20)}n\nProblems:${' '.repeat(16)}a\n${' '.repeat(25)}b`);
  });
});
