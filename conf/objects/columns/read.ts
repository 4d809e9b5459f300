import { isTree } from '../schema/walk.ts';

type Tree = Readonly<Record<string, unknown>>;

/** Cells are computed from objects as they came: what is ill-typed counts as absent. */
export function treeAt(object: unknown, ...path: readonly string[]): Tree {
  const value = path.reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), object);
  return isTree(value) ? value : {};
}

/** The keys and values in a list; entries of other forms are left out. */
export function listAt(tree: Tree, key: string): readonly Tree[] {
  const value = tree[key];
  return Array.isArray(value) ? value.filter(isTree) : [];
}

/** The text or number at a key, as text; empty when absent. */
export function textAt(tree: Tree, key: string): string {
  const value = tree[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** `a,b,c + 2 more...`, as kubectl shortens lists. */
export function shortened(entries: readonly string[], limit: number): string {
  if (entries.length === 0) return '<none>';
  const rest = entries.length - limit;
  return rest > 0 ? `${entries.slice(0, limit).join(',')} + ${rest} more...` : entries.join(',');
}
