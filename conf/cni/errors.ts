/**
 * The one place where errors get CNI numbers. Codes 1 to 7, 11, 50 and 51 are those of SPEC section 5, "Error"; 8 and 999 come from the
 * reference library; from 100 on a plugin chooses its own. Why each case has its code: docs/decisions/0001-cni-error-codes.md.
 */
export const CNI_CODES = {
  'incompatible-version': 1,
  'unsupported-field': 2,
  'unknown-container': 3,
  'invalid-environment': 4,
  'io-failure': 5,
  'decode-failure': 6,
  'invalid-config': 7,
  'invalid-netns': 8,
  'try-again-later': 11,
  'not-available': 50,
  'limited-connectivity': 51,
  'pool-exhausted': 100,
  'address-unavailable': 101,
  'attachment-exists': 102,
  'attachment-broken': 103,
  'pool-unknown': 104,
  'kernel-failure': 105,
  'kernel-unsupported': 106,
  'interface-exists': 107,
  'garbage-left': 108,
  'delegate-failed': 109,
  internal: 999,
} as const;

/** Stable name of a CNI error; the number is in `CNI_CODES`. */
export type CniErrorName = keyof typeof CNI_CODES;

/** An error that already knows its CNI code. `details` is the long text for people, several lines allowed. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: CniErrorName;
  readonly details: string | undefined;
  /** Another plugin's own code, which is passed on in the place of ours. */
  readonly number: number | undefined;

  constructor(code: CniErrorName, message: string, options: { details?: string; cause?: unknown; number?: number | undefined } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details;
    this.number = options.number;
  }
}

/** The error object of SPEC section 5. */
export interface CniErrorBody {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

/** Other families' stable codes: the daemon's (`ApiErrorCode`), its client's, and the kernel border's. Matched by code, never by class. */
const NAMES: Readonly<Record<string, CniErrorName>> = {
  'bad-request': 'invalid-config',
  exists: 'attachment-exists',
  // Verbs that may meet an unknown attachment say so themselves: else the daemon was started anew in the middle of the call.
  'not-found': 'try-again-later',
  busy: 'try-again-later',
  starting: 'try-again-later',
  unreachable: 'try-again-later',
  timeout: 'try-again-later',
  'pool-exhausted': 'pool-exhausted',
  'pool-unknown': 'pool-unknown',
  'address-unavailable': 'address-unavailable',
  NOT_A_NETNS: 'invalid-netns',
  SYSCALL: 'kernel-failure',
  NETLINK: 'kernel-failure',
  BPF: 'kernel-failure',
  UNSUPPORTED: 'kernel-unsupported',
};

/** Any thrown value as a CNI error; what no family claims is `internal` (999). The chain of causes becomes the details. */
export function toCniError(thrown: unknown): CniError {
  if (thrown instanceof CniError) return thrown;
  if (!(thrown instanceof Error)) return new CniError('internal', `unexpected failure: ${String(thrown)}`);
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const name = Object.hasOwn(NAMES, code) ? NAMES[code] : undefined;
  return new CniError(name ?? 'internal', thrown.message || thrown.name, { cause: thrown, ...detailsOf(thrown) });
}

function detailsOf(thrown: Error): { details?: string } {
  return 'details' in thrown && typeof thrown.details === 'string' ? { details: thrown.details } : {};
}

/** The error object for the wire. `version` is that of the request, or ours when the request has none that we know. */
export function errorBody(error: CniError, version: string): CniErrorBody {
  // A cause that the message ends with already says nothing new.
  const lines = [error.details ?? '', ...causes(error).filter((line) => !error.message.includes(line))].filter(Boolean);
  const details = [...new Set(lines)].join('\n');
  return { cniVersion: version, code: error.number ?? CNI_CODES[error.code], msg: error.message, ...(details && { details }) };
}

/** At most this many causes are told: a chain that is longer, or circular, says nothing new. */
const MAX_CAUSES = 8;

function causes(error: Error): string[] {
  const found: string[] = [];
  for (let cause = error.cause; cause instanceof Error && found.length < MAX_CAUSES; cause = cause.cause) found.push(cause.message);
  return found;
}
