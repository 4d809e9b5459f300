import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of two PEM files. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly ca: Pair;
  readonly server: Pair;
  readonly client: Pair;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function makeCa(folder: string): Promise<Pair> {
  const pair = { cert: join(folder, 'ca.crt'), key: join(folder, 'ca.key') };
  await run('openssl', ['req', '-x509', ...newKey, '-keyout', pair.key, '-out', pair.cert, '-days', '7', '-subj', '/CN=test-ca']);
  return pair;
}

/** @param subject as openssl writes it: `/O=system:masters/CN=admin` */
export async function makeCertificate(folder: string, ca: Pair, name: string, subject: string): Promise<Pair> {
  const pair = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
  writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n');
  await run('openssl', ['req', ...newKey, '-keyout', pair.key, '-out', request, '-subj', subject]);
  const signing = ['-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial', '-days', '7', '-extfile', extensions];
  await run('openssl', ['x509', '-req', '-in', request, '-out', pair.cert, ...signing]);
  return pair;
}

/** A CA with a certificate for a server on 127.0.0.1 and one for a client that may do all in Kubernetes. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const ca = await makeCa(folder);
  const server = await makeCertificate(folder, ca, 'server', '/CN=server');
  const client = await makeCertificate(folder, ca, 'client', '/O=system:masters/CN=admin');
  return { ca, server, client };
}
