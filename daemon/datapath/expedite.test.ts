import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readIfThere, removeAll } from '../files.ts';
import { silent } from '../log.ts';
import { ExpediteWindow, expediteObstacle, OURS } from './expedite.ts';

let root: string;
let parts: { knob: string; saved: string; log: typeof silent };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'expedite-'));
  mkdirSync(join(root, 'sys/kernel'), { recursive: true });
  parts = { knob: join(root, 'sys/kernel/rcu_expedited'), saved: join(root, 'saved'), log: silent };
  writeFileSync(parts.knob, '0\n');
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  removeAll(root);
});

const knob = () => readFileSync(parts.knob, 'utf8').trim();

describe('the expedited window', () => {
  it('is open from the first opening to the last closing', () => {
    const window = new ExpediteWindow(parts);
    window.open(1);
    window.open(2);
    expect(knob()).toBe(OURS);
    window.close(1);
    expect(knob()).toBe(OURS);
    window.close(2);
    expect(knob()).toBe('0');
    expect(readIfThere(parts.saved)).toBeUndefined();
  });

  it('closes by itself after a second', () => {
    const window = new ExpediteWindow(parts);
    window.open(1);
    vi.advanceTimersByTime(999);
    expect(knob()).toBe(OURS);
    vi.advanceTimersByTime(1);
    expect(knob()).toBe('0');
  });

  it('leaves a knob alone that somebody else has set', () => {
    writeFileSync(parts.knob, '1\n');
    const window = new ExpediteWindow(parts);
    window.open(1);
    window.close(1);
    expect(knob()).toBe('1');
  });

  it.each(['0', '1'])('leaves the value %s that somebody sets while it is open', (value) => {
    const window = new ExpediteWindow(parts);
    window.open(1);
    writeFileSync(parts.knob, `${value}\n`);
    window.close(1);
    expect([knob(), readIfThere(parts.saved)]).toEqual([value, undefined]);
  });

  it('leaves the value that somebody set after the last daemon was killed', () => {
    new ExpediteWindow(parts).open(1);
    writeFileSync(parts.knob, '2\n');
    new ExpediteWindow(parts);
    expect([knob(), readIfThere(parts.saved)]).toEqual(['2', undefined]);
  });

  it('restores the value of before when the last daemon was killed with the window open', () => {
    new ExpediteWindow(parts).open(1);
    expect(knob()).toBe(OURS);
    new ExpediteWindow(parts);
    expect(knob()).toBe('0');
  });

  it('restores it after a daemon of before, which set the knob to 1', () => {
    writeFileSync(parts.knob, '1\n');
    writeFileSync(parts.saved, '0');
    new ExpediteWindow(parts);
    expect([knob(), readIfThere(parts.saved)]).toEqual(['0', undefined]);
  });

  it('stays out of the way when the knob cannot be read', () => {
    const window = new ExpediteWindow({ ...parts, knob: join(root, 'nothing/here') });
    window.open(1);
    expect(() => window.close(1)).not.toThrow();
  });
});

describe('expediteObstacle', () => {
  it.each(['isolcpus=2-3', 'nohz_full=1'])('is the isolation of CPUs by %s', (word) => {
    expect(expediteObstacle(root, `quiet ${word} ro`)).toContain(word);
  });

  it('is a kernel that was told to expedite nothing', () => {
    writeFileSync(join(root, 'sys/kernel/rcu_normal'), '1\n');
    expect(expediteObstacle(root, 'quiet')).toContain('rcu_normal');
    writeFileSync(join(root, 'sys/kernel/rcu_normal'), '0\n');
    expect(expediteObstacle(root, 'quiet')).toBeUndefined();
  });

  it('is a kernel without the knob', () => {
    expect(expediteObstacle('/nonexistent', '')).toContain('rcu_expedited');
    expect(expediteObstacle(root, 'quiet')).toBeUndefined();
  });
});
