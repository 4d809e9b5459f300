import { listAt, textAt, treeAt } from './read.ts';

/** `Ready`, `NotReady` or `Unknown`, and `SchedulingDisabled` for a cordoned node. */
export function nodeStatus(node: unknown): string {
  const ready = listAt(treeAt(node, 'status'), 'conditions').find((condition) => condition['type'] === 'Ready');
  const state = ready === undefined ? 'Unknown' : textAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return treeAt(node, 'spec')['unschedulable'] === true ? `${state},SchedulingDisabled` : state;
}

const ROLE = 'node-role.kubernetes.io/';

/** The roles in the node's labels. */
export function nodeRoles(node: unknown): string {
  const labels = treeAt(node, 'metadata', 'labels');
  const roles = Object.keys(labels).flatMap((key) => (key.startsWith(ROLE) ? [key.slice(ROLE.length)] : []));
  const named = textAt(labels, 'kubernetes.io/role');
  const all = [...new Set(named === '' ? roles : [...roles, named])].filter((role) => role !== '').sort();
  return all.length === 0 ? '<none>' : all.join(',');
}
