import type { Environment } from '../conf/cni/env.ts';
import { parseEnvironment } from '../conf/cni/env.ts';
import { CniError, errorBody, toCniError } from '../conf/cni/errors.ts';
import { decodeJson, parseNetConf } from '../conf/cni/netconf.ts';
import { encodeResult } from '../conf/cni/result.ts';
import { CURRENT_VERSION, isSupportedVersion, requireCommand, SUPPORTED_VERSIONS } from '../conf/cni/versions.ts';
import { step } from '../conf/step.ts';
import { version as productVersion } from '../conf/version.ts';
import { versionInfo } from './commands/version.ts';
import type { Handlers } from './types.ts';

/** The border of the plugin process, injectable. */
export interface ProcessEdge {
  readonly env: Environment;
  /** All of stdin, to its end. */
  readStdin(): Uint8Array;
  /** Called at most once, with all that goes to stdout. */
  stdout(text: string): void;
  stderr(text: string): void;
}

/** More on stdin than this, in bytes, is no network configuration: real ones have some kB. */
export const MAX_STDIN = 8 * 1024 * 1024;

/**
 * One call of the plugin, from environment and stdin to the text on stdout. Answers the exit status: 0, or 1 with an error object on
 * stdout. Run by hand, with no CNI_* variable at all, it says what it is. `onFailure` gets to see what was thrown.
 */
export async function runPlugin(edge: ProcessEdge, handlers: Handlers, onFailure?: (thrown: unknown) => void): Promise<number> {
  if (!Object.keys(edge.env).some((name) => name.startsWith('CNI_'))) return introduce(edge);
  const stdin = new Stdin(edge);
  try {
    const answer = await answerCall(edge, stdin, handlers);
    if (answer !== undefined) step('answer', () => edge.stdout(`${JSON.stringify(answer)}\n`));
    return 0;
  } catch (thrown) {
    onFailure?.(thrown);
    return reportFailure(edge, thrown, stdin.version);
  }
}

/** Writes the error object for anything thrown and answers the exit status. `version` is the request's, ours when it has none that we know. */
export function reportFailure(edge: ProcessEdge, thrown: unknown, version: string = CURRENT_VERSION): number {
  const error = toCniError(thrown);
  edge.stderr(`axoneme-cni: ${error.message}\n`);
  if (error.code === 'internal' && thrown instanceof Error && thrown.stack) edge.stderr(`${thrown.stack}\n`);
  edge.stdout(`${JSON.stringify(errorBody(error, version))}\n`);
  return 1;
}

async function answerCall(edge: ProcessEdge, stdin: Stdin, handlers: Handlers): Promise<object | undefined> {
  const invocation = parseEnvironment(edge.env);
  const { command } = invocation;
  if (command === 'VERSION') return versionInfo(stdin.valueOrNothing);
  const conf = parseNetConf(stdin.value, command);
  requireCommand(command, conf.version);
  const result = await handlers[command]({ stdin: stdin.value, invocation, conf, env: edge.env });
  return result && encodeResult(result, conf.version);
}

/** Stdin, read and decoded once. It is read even for a call whose environment is refused, because the error object bears its version. */
class Stdin {
  readonly #value: { readonly decoded: unknown } | { readonly error: CniError };

  constructor(edge: ProcessEdge) {
    this.#value = readStdin(edge);
  }

  get value(): unknown {
    if ('error' in this.#value) throw this.#value.error;
    return this.#value.decoded;
  }

  get valueOrNothing(): unknown {
    return 'error' in this.#value ? undefined : this.#value.decoded;
  }

  /** The request's version, or ours when it names none that we know. */
  get version(): string {
    const value = this.valueOrNothing;
    const named = typeof value === 'object' && value !== null && 'cniVersion' in value ? value.cniVersion : undefined;
    return isSupportedVersion(named) ? named : CURRENT_VERSION;
  }
}

function readStdin(edge: ProcessEdge): { decoded: unknown } | { error: CniError } {
  let bytes: Uint8Array;
  try {
    bytes = edge.readStdin();
  } catch (cause) {
    return { error: new CniError('io-failure', 'read configuration from stdin', { cause }) };
  }
  try {
    return { decoded: decodeJson(bytes) };
  } catch (thrown) {
    return { error: toCniError(thrown) };
  }
}

function introduce(edge: ProcessEdge): number {
  edge.stderr(
    `axoneme-cni ${productVersion}: CNI plugin for container networking with eBPF\n` +
      `CNI versions: ${SUPPORTED_VERSIONS.join(', ')}\n` +
      'A container runtime runs it, with CNI_* variables and a network configuration on stdin. For people there is the command axoneme.\n',
  );
  return 0;
}
