import { isTree } from '../schema/walk.ts';
import { ageOf } from './age.ts';
import type { Column } from './column.ts';
import { valuesAt } from './json-path.ts';

/** A table before it is laid out: its head in upper case, and a row per object. */
export interface ObjectTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What the table shows besides the columns of the kind. */
export interface TableOptions {
  readonly now: Date;
  readonly isWide?: boolean;
  /** Begin with a column NAMESPACE, for objects of all namespaces. */
  readonly withNamespace?: boolean;
}

/** The table of `get`, with the columns that users know from `kubectl get`. */
export function tableOf(columns: readonly Column[], objects: readonly unknown[], options: TableOptions): ObjectTable {
  const shown = columns.filter(({ isWide }) => options.isWide === true || isWide !== true);
  const first = options.withNamespace === true ? ['NAMESPACE', 'NAME'] : ['NAME'];
  return {
    head: [...first, ...shown.map(({ name }) => name.toUpperCase())],
    rows: objects.map((object) => [
      ...nameCells(object, options.withNamespace === true),
      ...shown.map((column) => cellOf(column, object, options.now)),
    ]),
  };
}

function nameCells(object: unknown, withNamespace: boolean): string[] {
  const meta = isTree(object) && isTree(object['metadata']) ? object['metadata'] : {};
  const name = String(meta['name'] ?? '');
  return withNamespace ? [String(meta['namespace'] ?? ''), name] : [name];
}

function cellOf({ jsonPath, cell, type }: Column, object: unknown, now: Date): string {
  if (cell) return cell(object, now);
  const [value] = jsonPath === undefined ? [] : valuesAt(jsonPath, object);
  if (type === 'date') return ageOf(typeof value === 'string' ? value : undefined, now);
  return value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
}
