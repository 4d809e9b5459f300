import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Certificates, makeCertificates } from './certificates.ts';
import { freePorts } from './ports.ts';
import { ServerProcess, until } from './process.ts';

const run = promisify(execFile);

export interface ClusterOptions {
  readonly members?: number;
  readonly tls?: boolean;
  readonly args?: readonly string[];
}

/** Real etcd on loopback ports of this machine, in a folder that goes with it. */
export class EtcdCluster implements AsyncDisposable {
  readonly folder: string;
  readonly endpoints: readonly string[];
  readonly members: readonly ServerProcess[];
  readonly certificates: Certificates | undefined;

  private constructor(
    folder: string,
    endpoints: readonly string[],
    members: readonly ServerProcess[],
    certificates: Certificates | undefined,
  ) {
    this.folder = folder;
    this.endpoints = endpoints;
    this.members = members;
    this.certificates = certificates;
  }

  static async start({ members: count = 1, tls = false, args = [] }: ClusterOptions = {}): Promise<EtcdCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'axoneme-etcd-'));
    const ports = await freePorts(count * 2);
    const certificates = tls ? await makeCertificates(folder) : undefined;
    const urlsOf = (offset: number, scheme: string) =>
      Array.from({ length: count }, (_, n) => `${scheme}://127.0.0.1:${ports[n * 2 + offset]}`);
    const [clients, peers] = [urlsOf(0, tls ? 'https' : 'http'), urlsOf(1, 'http')];
    const all = peers.map((url, n) => `m${n}=${url}`).join(',');
    const members = peers.map((peer, n) => {
      const client = clients[n] ?? '';
      const own = [
        '--name',
        `m${n}`,
        '--data-dir',
        join(folder, `m${n}`),
        '--listen-client-urls',
        client,
        '--advertise-client-urls',
        client,
      ];
      const cluster = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', all, '--unsafe-no-fsync'];
      const security =
        certificates === undefined
          ? []
          : [
              '--client-cert-auth',
              '--trusted-ca-file',
              certificates.ca.cert,
              '--cert-file',
              certificates.server.cert,
              '--key-file',
              certificates.server.key,
            ];
      return new ServerProcess('/usr/bin/etcd', [...own, ...cluster, ...security, ...args], join(folder, `m${n}.log`));
    });
    for (const member of members) member.start();
    const cluster = new EtcdCluster(folder, clients, members, certificates);
    await cluster.ready();
    return cluster;
  }

  /** Returns when the members answer reads that need a leader. */
  ready(): Promise<void> {
    return until('etcd', async () => (await this.etcdctl('get', 'ready')) === '');
  }

  async etcdctl(...args: readonly string[]): Promise<string> {
    const { certificates } = this;
    const security =
      certificates === undefined
        ? []
        : ['--cacert', certificates.ca.cert, '--cert', certificates.client.cert, '--key', certificates.client.key];
    const { stdout } = await run('/usr/bin/etcdctl', ['--endpoints', this.endpoints.join(','), ...security, ...args], {
      env: { ETCDCTL_API: '3' },
    });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members) await member.signal('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
