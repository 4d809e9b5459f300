import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { readYaml } from '../../conf/yaml/read.ts';
import { StoreError } from '../errors.ts';
import { type Credentials, type ExecSpec, execCredentials, fileCredentials, fixedCredentials } from './credentials.ts';

/** Where an API server is and how to log in. */
export interface Login {
  /** `https://10.0.0.1:6443`, perhaps with a path */
  readonly server: string;
  readonly ca?: Buffer;
  /** the name in the server's certificate, where it is not that of the URL */
  readonly serverName?: string;
  readonly isInsecure: boolean;
  readonly credentials: Credentials;
}

interface Cluster {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
}

interface User {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly exec?: ExecSpec;
}

interface Context {
  readonly cluster?: string;
  readonly user?: string;
}

/** An entry of a kubeconfig with the folder of its file, from which its paths count. */
type Entry<T> = T & { readonly folder: string };

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The login of a pod, by its service account; undefined outside of one. The token is read anew as it rotates. */
export function podLogin(env: NodeJS.ProcessEnv = process.env, folder = SERVICE_ACCOUNT): Login | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (!host || !existsSync(`${folder}/token`)) return undefined;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { server, ca: readFileSync(`${folder}/ca.crt`), isInsecure: false, credentials: fileCredentials(`${folder}/token`) };
}

/**
 * The login that a kubeconfig's current context names. Of several files the first with an entry of a name counts.
 * @param paths by default those of KUBECONFIG, or ~/.kube/config
 */
export function kubeconfigLogin(paths: readonly string[] = defaultPaths()): Login {
  const files = paths.filter((path) => existsSync(path)).map((path) => ({ path, content: readConfig(path) }));
  const fail = (why: string) => new StoreError('BadRequest', `read kubeconfig ${paths.join(':')}: ${why}`);
  if (files.length === 0) throw fail('no such file');
  const find = <T>(list: string, key: string, name: string): Entry<T> => {
    for (const { path, content } of files) {
      const entries = Array.isArray(content[list]) ? (content[list] as Record<string, unknown>[]) : [];
      const found = entries.find((entry) => entry?.['name'] === name)?.[key];
      if (found) return { ...(found as T), folder: dirname(path) };
    }
    throw fail(`no ${key} '${name}'`);
  };
  const current = files.map(({ content }) => content['current-context']).find((name) => typeof name === 'string' && name !== '');
  if (typeof current !== 'string') throw fail('no current-context');
  const context = find<Context>('contexts', 'context', current);
  const cluster = find<Cluster>('clusters', 'cluster', context.cluster ?? '');
  if (!cluster.server) throw fail(`cluster '${context.cluster}' has no server`);
  if (cluster['proxy-url']) throw fail(`cluster '${context.cluster}': proxy-url is not supported`);
  const ca = bytesOf(cluster, cluster['certificate-authority-data'], cluster['certificate-authority']);
  return {
    server: cluster.server.replace(/\/$/, ''),
    ...(ca && { ca }),
    ...(cluster['tls-server-name'] && { serverName: cluster['tls-server-name'] }),
    isInsecure: cluster['insecure-skip-tls-verify'] === true,
    credentials: credentialsOf(context.user ? find<User>('users', 'user', context.user) : { folder: '.' }),
  };
}

function defaultPaths(): string[] {
  const listed = (process.env['KUBECONFIG'] ?? '').split(':').filter((path) => path !== '');
  return listed.length > 0 ? listed : [`${homedir()}/.kube/config`];
}

function readConfig(path: string): Record<string, unknown> {
  try {
    const content = readYaml(readFileSync(path, 'utf8'))[0]?.value;
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>;
  } catch (cause) {
    throw new StoreError('BadRequest', `read kubeconfig ${path}: ${(cause as Error).message}`, { cause });
  }
  throw new StoreError('BadRequest', `read kubeconfig ${path}: not a kubeconfig`);
}

function credentialsOf(user: Entry<User>): Credentials {
  const cert = bytesOf(user, user['client-certificate-data'], user['client-certificate']);
  const key = bytesOf(user, user['client-key-data'], user['client-key']);
  const pair = { ...(cert && { cert }), ...(key && { key }) };
  if (user.exec) return execCredentials(user.exec, user.folder);
  if (user.token) return fixedCredentials({ ...pair, authorization: `Bearer ${user.token}` });
  if (user.tokenFile) return fileCredentials(resolve(user.folder, user.tokenFile), pair);
  if (user.username === undefined) return fixedCredentials(pair);
  const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
  return fixedCredentials({ ...pair, authorization: `Basic ${basic}` });
}

function bytesOf({ folder }: { readonly folder: string }, data: string | undefined, path: string | undefined): Buffer | undefined {
  if (data) return Buffer.from(data, 'base64');
  return path ? readFileSync(resolve(folder, path)) : undefined;
}
