import type { ExecResult } from '../lab/exec.ts';

/**
 * How binding an item is. `must` and `should` are the specification's own words (RFC 2119); `practice` is what runtimes in use and the reference
 * library rely on, where the specification is silent or leaves the choice.
 */
export type Level = 'must' | 'should' | 'practice';

/**
 * What kind of plugin is held against the specification. `interface` makes CNI_IFNAME, `chained` adjusts what an earlier plugin made, `ipam` hands
 * out addresses to a plugin that delegates to it (specification 1.1.0, section 4).
 */
export type PluginRole = 'interface' | 'chained' | 'ipam';

export type Verb = 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC' | 'VERSION';

/** One execution of a plugin: all that went in and all that came out. */
export interface Call {
  /** path of the executable */
  readonly plugin: string;
  /** the CNI_* variables; one that was not set is not here */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly result: ExecResult;
}

/** What came of one item. `evidence` are the plugin's executions in order, the one that tells last. */
export type Outcome =
  | { readonly verdict: 'pass' }
  | { readonly verdict: 'fail'; readonly reason: string; readonly evidence: readonly Call[] }
  | { readonly verdict: 'not-applicable'; readonly reason: string };

/** The plugin does something else than the item says. */
export class Deviation extends Error {
  override readonly name = 'Deviation';
}

/** The item says nothing about this plugin or this configuration. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}
