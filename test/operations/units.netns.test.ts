import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab, type Node } from '../../test-harness/index.ts';
import { unitFolder, unitValues } from '../fixtures/unit-file.ts';

/* The unit files, judged by systemd's own tools; no service manager runs. */

const units = readdirSync(unitFolder).sort();

let lab: Lab;
let node: Node;
beforeAll(async () => {
  lab = await Lab.create({ nodes: { node1: {} } });
  node = lab.node('node1');
  for (const unit of units) await node.run(['cp', `${unitFolder}/${unit}`, '/etc/systemd/system/']);
});
afterAll(() => lab.close());

test('systemd finds nothing to complain about', async () => {
  // The executable's place is the one thing that a machine without axoneme lacks.
  const { stdout, stderr } = await node.exec(['systemd-analyze', 'verify', ...units.map((unit) => `/etc/systemd/system/${unit}`)]);
  const complaints = (stdout + stderr)
    .split('\n')
    .filter((line) => line !== '' && !line.includes('/usr/local/bin/axoneme is not executable'));
  expect(complaints.filter((line) => line.includes('axoneme'))).toEqual([]);
});

test('systemd calls the exposure of the service at most 2.3 of 10: OK', async () => {
  const report = await node.run(['systemd-analyze', 'security', '--offline=true', '--threshold=23', '/etc/systemd/system/axoneme.service']);
  expect(report).toMatch(/Overall exposure level for axoneme\.service: (1\.\d|2\.[0-3]) OK/);
});

test('a restart of the service leaves the socket listening, so that calls wait instead of failing', () => {
  for (const key of ['PartOf', 'BindsTo', 'StopPropagatedFrom']) expect(unitValues('axoneme.socket', key), key).toEqual([]);
  expect(unitValues('axoneme.service', 'Requires')).toEqual(['axoneme.socket']);
});

test('pods outlive the service: its state is kept and nothing is unmounted at its end', () => {
  expect(unitValues('axoneme.service', 'RuntimeDirectoryPreserve')).toEqual(['yes']);
  expect(unitValues('axoneme.service', 'ExecStop')).toEqual([]);
  expect(unitValues('axoneme.socket', 'RemoveOnStop')).toEqual([]);
  expect(unitValues('axoneme.socket', 'SocketMode')).toEqual(['0600']);
});
