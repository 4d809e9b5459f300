/** Keys from the top of the file. */
export type ConfigPath = readonly string[];

/** A problem before it has its line. */
export interface CrossProblem {
  readonly path: ConfigPath;
  readonly reason: string;
}
