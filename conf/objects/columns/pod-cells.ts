import { listAt, textAt, treeAt } from './read.ts';

/** `1/2`: containers that are ready, of all. */
export function podReady(pod: unknown): string {
  const ready = listAt(treeAt(pod, 'status'), 'containerStatuses').filter((status) => status['ready'] === true);
  return `${ready.length}/${listAt(treeAt(pod, 'spec'), 'containers').length}`;
}

/** The phase, the reason if the pod has one, or `Terminating`. */
export function podStatus(pod: unknown): string {
  const status = treeAt(pod, 'status');
  if (textAt(treeAt(pod, 'metadata'), 'deletionTimestamp') !== '') return 'Terminating';
  return textAt(status, 'reason') || textAt(status, 'phase') || 'Unknown';
}

/** Restarts of all containers. */
export function podRestarts(pod: unknown): string {
  const counts = listAt(treeAt(pod, 'status'), 'containerStatuses').map((status) => Number(status['restartCount'] ?? 0));
  return String(counts.reduce((sum, count) => sum + count, 0));
}
