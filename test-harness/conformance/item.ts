import type { Trial } from './trial.ts';
import type { Level, PluginRole, Verb } from './verdict.ts';

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

/** `[2 ADD] fails when CNI_IFNAME exists in the namespace` */
export function titleOf(item: ConformanceItem): string {
  return `[${item.section}] ${item.title}`;
}
