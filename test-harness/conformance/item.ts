import type { Call } from './call.ts';
import type { Trial } from './trial.ts';

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

/** One statement of the specification with the experiment that proves it on a plugin. Independent of any test runner. */
export interface ConformanceItem {
  /** stable, made for `--only` and for lists of known deviations */
  readonly id: string;
  /** of specification 1.1.0, with the verb where the section is about verbs: `2 ADD` */
  readonly section: string;
  readonly level: Level;
  /** present tense, what a plugin that conforms does */
  readonly title: string;
  /** the version of the specification that brought it; plugins that speak none so new are not asked */
  readonly since: string;
  /** the verbs that it is about */
  readonly verbs: readonly Verb[];
  /** plugins that it is meant for (default: all roles) */
  readonly roles?: readonly PluginRole[];
  /** Ends quietly when the plugin does as the title says; throws {@link Deviation} or {@link NotApplicable} otherwise. */
  readonly run: (trial: Trial) => Promise<void>;
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

/** `[2 ADD] fails when CNI_IFNAME exists in the namespace` */
export function titleOf(item: ConformanceItem): string {
  return `[${item.section}] ${item.title}`;
}
