/** Something that was broken on purpose and can be mended. `await using fault = await pause(daemon)` mends it at the end of the block. */
export interface Fault extends AsyncDisposable {
  /** in words: `pause axonemed on node1` */
  readonly what: string;
  /** Mends it. Safe to call twice. */
  lift(): Promise<void>;
}

/** A fault out of its words and the step that mends it. */
export function faultOf(what: string, mend: () => Promise<void> | void): Fault {
  let lifted: Promise<void> | undefined;
  const lift = () => {
    lifted ??= Promise.resolve(mend());
    return lifted;
  };
  return { what, lift, [Symbol.asyncDispose]: lift };
}
