import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Estimate } from './budget.ts';

const file = join(import.meta.dirname, 'recorded.json');

/** Replaces the rows of recorded.json that were measured; the others stay. */
export function writeRecord(measured: Readonly<Record<string, Estimate>>): void {
  const old = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, `${JSON.stringify({ ...old, ...measured }, undefined, 2)}\n`);
}
