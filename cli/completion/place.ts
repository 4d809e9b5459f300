/** What may come next on a command line after the words of `path`. */
export interface Place {
  /** Words so far, options left out: `bpf endpoint`. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly text: string }[];
  readonly options: readonly {
    readonly names: readonly string[];
    readonly text: string;
    readonly takesValue: boolean;
    readonly values: readonly string[];
  }[];
}

/** An option whose value is the next word; without values, a file. */
export interface ValueOption {
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/** Quotes a text for a POSIX shell, and for fish where it holds no backslash. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
