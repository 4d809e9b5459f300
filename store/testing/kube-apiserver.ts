import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gadgets, widgets } from '../contract/widget.ts';
import { Client } from '../kubernetes/client.ts';
import { kubeconfigLogin, type Login } from '../kubernetes/kubeconfig.ts';
import type { Resource } from '../object.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { EtcdCluster } from './etcd.ts';
import { freePorts } from './ports.ts';
import { ServerProcess, until } from './process.ts';

/** A kube-apiserver that is already there: of KUBEBUILDER_ASSETS, of PATH, or the one that `npm run test:kubernetes` built. */
export function findApiServer(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [env['KUBEBUILDER_ASSETS'] ?? '', ...(env['PATH'] ?? '').split(':'), builtFolder(env)];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'kube-apiserver'))
    .find((path) => existsSync(path));
}

export const KUBERNETES_VERSION = '1.36.3';

/** Outside of the checkout: a clean clone finds it again. */
export function builtFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'axoneme', 'kubernetes', `v${KUBERNETES_VERSION}`);
}

/** A real kube-apiserver over a real etcd, on loopback ports of this machine. */
export class ApiServer implements AsyncDisposable {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly process: ServerProcess;
  readonly etcd: EtcdCluster;
  readonly certificates: Certificates;

  private constructor(folder: string, kubeconfig: string, server: ServerProcess, etcd: EtcdCluster, certificates: Certificates) {
    this.folder = folder;
    this.kubeconfig = kubeconfig;
    this.process = server;
    this.etcd = etcd;
    this.certificates = certificates;
  }

  static async start(program: string): Promise<ApiServer> {
    const folder = mkdtempSync(join(tmpdir(), 'axoneme-apiserver-'));
    const [etcd, certificates, [port = 0]] = await Promise.all([EtcdCluster.start(), makeCertificates(folder), freePorts(1)]);
    const key = join(folder, 'service-account.key');
    await promisify(execFile)('openssl', ['genrsa', '-out', key, '2048']);
    const { ca, server } = certificates;
    const args = ['--etcd-servers', etcd.endpoints.join(','), '--secure-port', String(port), '--bind-address', '127.0.0.1'];
    const login = [
      '--client-ca-file',
      ca.cert,
      '--tls-cert-file',
      server.cert,
      '--tls-private-key-file',
      server.key,
      '--authorization-mode',
      'RBAC',
    ];
    const tokens = [
      '--service-account-issuer',
      'https://kubernetes.default.svc',
      '--service-account-key-file',
      key,
      '--service-account-signing-key-file',
      key,
    ];
    const rest = ['--service-cluster-ip-range', '10.96.0.0/16', '--disable-admission-plugins', 'ServiceAccount', '--cert-dir', folder];
    const process = new ServerProcess(program, [...args, ...login, ...tokens, ...rest], join(folder, 'kube-apiserver.log'));
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigOf(`https://127.0.0.1:${port}`, certificates));
    const api = new ApiServer(folder, kubeconfig, process, etcd, certificates);
    process.start();
    await api.ready();
    return api;
  }

  get login(): Login {
    return kubeconfigLogin([this.kubeconfig]);
  }

  async ready(): Promise<void> {
    const client = new Client(this.login);
    try {
      await until(
        'kube-apiserver',
        async () => client.call({ method: 'GET', path: '/api/v1/namespaces/kube-public' }).then(() => true),
        300_000,
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}; the end of its log:\n${this.process.output}`);
    } finally {
      client.close();
    }
  }

  /** The kinds of the contract, ready to use. */
  async defineKinds(): Promise<void> {
    const client = new Client(this.login);
    for (const resource of [widgets, gadgets]) {
      await client.call({ method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body: definitionOf(resource) });
      const path = `/apis/${resource.group}/${resource.version}/${resource.plural}`;
      await until(`the kind ${resource.kind}`, () => client.call({ method: 'GET', path }).then(() => true));
    }
    client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.signal('SIGKILL');
    await this.etcd[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function kubeconfigOf(server: string, { ca, client }: Certificates): string {
  const data = (path: string) => readFileSync(path).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': data(ca.cert) } }],
    users: [{ name: 'admin', user: { 'client-certificate-data': data(client.cert), 'client-key-data': data(client.key) } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
}

function definitionOf({ group, version, plural, kind, namespaced, hasStatus = false, selectableFields = [] }: Resource): object {
  const color = { type: 'object', properties: { color: { type: 'string' } }, 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { type: 'object', properties: { spec: color }, 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { plural, kind },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          ...(hasStatus && { subresources: { status: {} } }),
          selectableFields: selectableFields.map((field) => ({ jsonPath: `.${field}` })),
        },
      ],
    },
  };
}
