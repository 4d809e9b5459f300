import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { StoreError } from '../errors.ts';

/** What a request needs to be let in. */
export interface Credential {
  /** the header of that name */
  readonly authorization?: string;
  /** PEM of a client certificate and its key */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Gives the credential of now. */
export interface Credentials {
  get(): Promise<Credential>;
  /** The server refused the last one: the next `get` makes a new one. */
  refuse(): void;
}

/** How long a token of a file is used before the file is read again: the kubelet changes it about each hour. */
const FILE_MS = 60_000;

export function fixedCredentials(credential: Credential): Credentials {
  return { get: async () => credential, refuse: () => undefined };
}

/** The token in a file, which somebody else renews. */
export function fileCredentials(path: string, pair: Pick<Credential, 'cert' | 'key'> = {}): Credentials {
  return cached(async () => {
    const token = (await readFile(path, 'utf8')).trim();
    return { credential: { ...pair, authorization: `Bearer ${token}` }, until: Date.now() + FILE_MS };
  });
}

/** `exec` of a kubeconfig's user: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
export interface ExecSpec {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

interface ExecStatus {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

/** A program that prints a credential; it is kept until it expires or the server refuses it. */
export function execCredentials(spec: ExecSpec, folder: string): Credentials {
  return cached(async () => {
    const { token, clientCertificateData, clientKeyData, expirationTimestamp } = await runPlugin(spec, folder);
    const until = expirationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(expirationTimestamp);
    const credential = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(clientCertificateData && { cert: Buffer.from(clientCertificateData) }),
      ...(clientKeyData && { key: Buffer.from(clientKeyData) }),
    };
    return { credential, until };
  });
}

async function runPlugin(
  { apiVersion = 'client.authentication.k8s.io/v1', command = '', args, env }: ExecSpec,
  folder: string,
): Promise<ExecStatus> {
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const own = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  const program = command.includes('/') ? resolve(folder, command) : command;
  try {
    const { stdout } = await promisify(execFile)(program, [...(args ?? [])], {
      env: { ...process.env, ...own, KUBERNETES_EXEC_INFO: info },
      timeout: 60_000,
    });
    const status = JSON.parse(stdout).status as ExecStatus | undefined;
    if (status?.token || status?.clientCertificateData) return status;
  } catch (cause) {
    throw new StoreError('Unauthorized', `run credential plugin ${program}: ${(cause as Error).message}`, { cause });
  }
  throw new StoreError('Unauthorized', `run credential plugin ${program}: its answer has neither token nor certificate`);
}

/** Makes a credential when it is needed, once for all who ask at the same time. */
function cached(make: () => Promise<{ readonly credential: Credential; readonly until: number }>): Credentials {
  let made: ReturnType<typeof make> | undefined;
  let until = 0;
  const renew = async () => {
    const result = await make();
    until = result.until;
    return result;
  };
  return {
    async get() {
      if (made === undefined || Date.now() >= until) {
        until = Number.POSITIVE_INFINITY;
        made = renew();
      }
      return made.then(
        ({ credential }) => credential,
        (error) => {
          made = undefined;
          throw error;
        },
      );
    },
    refuse() {
      made = undefined;
    },
  };
}
