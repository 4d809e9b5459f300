/** What a failed plugin left for whoever looks into it. */
export interface PluginFailure {
  /** executable name, the `type` of the config */
  readonly plugin: string;
  readonly command: string;
  readonly stdout: string;
  readonly stderr: string;
  /** killed at the runtime's timeout */
  readonly timedOut: boolean;
}

/**
 * A plugin's refusal. `code`, `msg` and `details` are those of its error object (CNI specification 1.1.0, section 5, "Error"); code is 0 when the plugin
 * gave no such object, and `msg` then says what it did instead, as libcni does.
 */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: number;
  readonly msg: string;
  readonly details: string;
  readonly failure: PluginFailure;

  constructor(error: { code: number; msg: string; details: string }, failure: PluginFailure) {
    super(`${failure.command} by ${failure.plugin}: ${error.msg}${error.details === '' ? '' : `; ${error.details}`}`);
    this.code = error.code;
    this.msg = error.msg;
    this.details = error.details;
    this.failure = failure;
  }
}

/** Reads what a plugin that exited with a failure wrote. */
export function cniErrorOf(failure: PluginFailure): CniError {
  if (failure.timedOut) return new CniError({ code: 0, msg: 'killed at the timeout', details: failure.stderr.trim() }, failure);
  if (failure.stdout.trim() === '') {
    const msg = failure.stderr === '' ? 'failed without a word' : `failed with only this on stderr: ${failure.stderr.trim()}`;
    return new CniError({ code: 0, msg, details: '' }, failure);
  }
  try {
    const { code, msg, details } = JSON.parse(failure.stdout) as Record<string, unknown>;
    if (typeof code === 'number') {
      return new CniError({ code, msg: typeof msg === 'string' ? msg : '', details: typeof details === 'string' ? details : '' }, failure);
    }
  } catch {
    // reported below, with the text that could not be read
  }
  return new CniError({ code: 0, msg: `failed with an unreadable error: ${failure.stdout.trim()}`, details: '' }, failure);
}
