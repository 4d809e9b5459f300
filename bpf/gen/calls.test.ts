import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { callGraph, deepestStack, loadOrder } from './calls.ts';

/** A program that calls a function of its own section, one of another, and one by two ways. */
const source = `
#define NOINLINE __attribute__((noinline))
NOINLINE int leaf(int x) { volatile char a[100] = {}; return a[x & 63]; }
static NOINLINE int local(int x) { volatile char a[10] = {}; return leaf(x) + a[x & 7]; }
NOINLINE int other(int x) { return local(x) + leaf(x + 1); }
__attribute__((section("tc"))) int near(int x) { return x + 1; }
__attribute__((section("tc"), noinline)) int program(int x) { return near(leaf(x)) + other(x); }
`;

function compiled(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'calls-'));
  try {
    writeFileSync(join(folder, 'a.c'), source);
    execFileSync('clang', ['-O1', '-target', 'bpf', '-c', join(folder, 'a.c'), '-o', join(folder, 'a.o')], { stdio: 'pipe' });
    return readFileSync(join(folder, 'a.o'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const graph = callGraph(compiled(), 'program');

it('the calls of a function are found in its section and in others', () => {
  const names = (of: typeof graph | undefined) => of?.calls.map(({ name }) => name);
  expect(names(graph)).toEqual(['leaf', 'other']);
  expect(names(graph.calls[1])).toEqual(['local', 'leaf']);
  expect(loadOrder(graph).map(({ name }) => name)).toEqual(['program', 'leaf', 'other', 'local']);
});

it('the deepest chain of calls counts, each frame rounded up to 32 bytes', () => {
  expect(deepestStack(graph, [8, 100, 0, 40])).toBe(32 + 32 + 64 + 128);
  expect(deepestStack(graph, [8, 0, 0, 0])).toBe(4 * 32);
});

it('depths of another number of functions are refused', () => {
  expect(() => deepestStack(graph, [8])).toThrow('measure the stack of program: 1 depths for 4 functions');
});
