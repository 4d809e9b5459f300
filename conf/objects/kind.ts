import type * as z from 'zod/mini';
import type { Syntax } from '../model/syntax.ts';
import type { Column } from './columns/column.ts';
import type { Wire } from './schema/fields.ts';

type Tree = Readonly<Record<string, unknown>>;

/** A version that is served beside the one that is stored. */
export interface OlderVersion {
  /** `v2alpha1`. */
  readonly name: string;
  /** What clients of this version are warned with. */
  readonly deprecation: string;
}

/** Everything that the rest of axoneme knows about a kind: its names, its schema, its columns. */
export interface Kind<S extends z.core.$ZodType = z.core.$ZodType> {
  /** `cilium.io`; empty for the core group. */
  readonly group: string;
  /** The version that is stored and that we write. Versions of a kind differ in their names only. */
  readonly version: string;
  readonly olderVersions?: readonly OlderVersion[];
  readonly kind: z.output<S> extends { readonly kind: infer K extends string } ? K : string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** True when writes of the object leave the status alone and writes of the status the rest. */
  readonly hasStatus: boolean;
  /** Form of `metadata.name`. */
  readonly name: Syntax;
  readonly schema: S;
  /** Defaults that depend on other fields; those of single fields are in the schema. The object may be ill-typed. */
  readonly complete?: (object: Tree) => Tree;
  readonly columns: readonly Column[];
  /** Fields beyond `metadata.name` and `metadata.namespace` that field selectors may name. */
  readonly selectableFields: readonly string[];
}

/** The objects of a kind. */
export type ObjectOf<K> = K extends Kind<infer S> ? Wire<z.output<S>> : never;

/** `cilium.io/v2`; `v1` for the core group. */
export function apiVersionOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Every `apiVersion` in which objects of the kind may be written, the stored one first. */
export function apiVersionsOf({ group, version, olderVersions = [] }: Kind): readonly string[] {
  return [version, ...olderVersions.map(({ name }) => name)].map((name) => apiVersionOf({ group, version: name }));
}
