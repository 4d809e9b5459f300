/** One thing that is wrong in the configuration. */
export interface ConfigProblem {
  /** `ipam.operator.clusterPoolIPv4MaskSize`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what would be right, without the path: `expected true or false, got "maybe"`. */
  readonly reason: string;
  /** Line in the file, from 1; absent when it is not known. */
  readonly line?: number;
}

/** A configuration that cannot be used. It carries every problem that was found; `path` and `reason` are those of the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG';
  readonly path: string;
  readonly reason: string;
  readonly problems: readonly ConfigProblem[];

  /** @param source what was read: the file's path, or `configuration` */
  constructor(source: string, problems: readonly [ConfigProblem, ...ConfigProblem[]]) {
    super(problems.map((problem) => sentence(source, problem)).join('\n'));
    this.path = problems[0].path;
    this.reason = problems[0].reason;
    this.problems = problems;
  }
}

function sentence(source: string, { path, reason, line }: ConfigProblem): string {
  const where = line === undefined ? source : `${source}:${line}`;
  return path === '' ? `read ${where}: ${reason}` : `read ${where}: ${path}: ${reason}`;
}
