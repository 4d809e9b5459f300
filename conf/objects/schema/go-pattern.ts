/** The expression, matching whole values as policies do; undefined when it does not compile. */
export function pattern(source: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch {
    return undefined;
  }
}
