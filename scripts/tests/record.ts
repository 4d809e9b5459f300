import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Estimate, estimateOf } from './budget.ts';

const file = join(import.meta.dirname, 'recorded.json');

/** Replaces the rows of recorded.json that were measured; the others stay. */
export function writeRecord(measured: Readonly<Record<string, Estimate>>): void {
  const old = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, `${JSON.stringify({ ...old, ...measured }, undefined, 2)}\n`);
}

/** A record is stale when a level has more or fewer tests than it says, by more than this share. */
const DRIFT = 0.1;

/** Parts whose record is stale, a line each. */
export function staleRecords(measured: Readonly<Record<string, Estimate>>): string[] {
  const stale = Object.entries(measured).filter(
    ([name, { tests }]) => Math.abs(tests - estimateOf(name).tests) > DRIFT * estimateOf(name).tests,
  );
  return stale.map(
    ([name, { tests }]) => `${name} has ${tests} tests, recorded are ${estimateOf(name).tests}: renew with npm test -- --record`,
  );
}
