import { CniError, toCniError } from '../conf/cni/errors.ts';
import { step } from '../conf/step.ts';

/** Steps to take back, last one first. */
export interface Undo {
  /** `what` names the step in the error, when taking it back fails too. */
  defer(what: string, back: () => Promise<unknown>): void;
}

/**
 * Runs `work`; when it throws, takes back what it deferred, in reverse order, every step even if another one fails. The error is the one
 * that `work` threw; what could not be taken back is told in its details.
 */
export async function withUndo<T>(work: (undo: Undo) => Promise<T>): Promise<T> {
  const steps: { what: string; back: () => Promise<unknown> }[] = [];
  try {
    return await work({ defer: (what, back) => void steps.push({ what, back }) });
  } catch (thrown) {
    const left: string[] = [];
    for (const { what, back } of steps.reverse()) {
      await step('add.undo', back).catch((error: unknown) => left.push(`${what}: ${toCniError(error).message}`));
    }
    if (left.length === 0) throw thrown;
    const { code, message, details, number } = toCniError(thrown);
    const remains = [details, 'not undone:', ...left].filter((line) => line !== undefined).join('\n');
    throw new CniError(code, message, { details: remains, cause: thrown, number });
  }
}
