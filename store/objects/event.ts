import type { KubeObject } from '../object.ts';
import type { WatchEvent } from '../store.ts';
import type { Change, Progress } from './log.ts';

/** What a change is to a watch of the objects that `matches` lets pass: one that leaves the selection is deleted for it, one that enters is added. */
export function eventOf(change: Change | Progress, matches: (object: KubeObject) => boolean): WatchEvent<KubeObject> | undefined {
  if ('progress' in change) return { type: 'BOOKMARK', resourceVersion: String(change.progress) };
  const { object, previous, revision } = change;
  const was = previous !== undefined && matches(previous);
  if (object !== undefined && matches(object)) return { type: was ? 'MODIFIED' : 'ADDED', object };
  return was ? { type: 'DELETED', object: atRevision(previous, revision) } : undefined;
}

/** The object as the version that a write of it made. */
export function atRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
