import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the image made here is called. It is both the pause image of every pod and the image of its containers. */
export const IMAGE = 'localhost/axoneme/pod:test';

/** What `pod serve` answers. */
export const GREETING = 'hello from a container\n';

/**
 * Makes an image from files of this machine only, one layer with one static program (pod.c), as an archive of the OCI image layout
 * (https://github.com/opencontainers/image-spec/blob/main/image-layout.md), the form that `ctr images import` reads.
 * @param folder an existing folder for what is made
 * @returns the path of the archive
 */
export function makeImage(folder: string): string {
  const root = join(folder, 'root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  const source = join(import.meta.dirname, 'pod.c');
  execFileSync('clang', ['-O2', '-Wall', '-Wextra', '-Werror', '-static', '-s', '-o', join(root, 'bin', 'pod'), source]);
  pack(root, join(folder, 'layer.tar'));

  const layout = join(folder, 'layout');
  mkdirSync(join(layout, 'blobs', 'sha256'), { recursive: true });
  const add = blobsIn(layout);
  const layer = add('application/vnd.oci.image.layer.v1.tar', readFileSync(join(folder, 'layer.tar')));
  const config = add('application/vnd.oci.image.config.v1+json', {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Entrypoint: ['/bin/pod', 'pause'] },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = add(mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] });
  const annotations = { 'io.containerd.image.name': IMAGE, 'org.opencontainers.image.ref.name': IMAGE };
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const archive = join(folder, 'image.tar');
  pack(layout, archive);
  return archive;
}

function pack(folder: string, archive: string): void {
  execFileSync('tar', ['--owner=0', '--group=0', '-C', folder, '-cf', archive, '.']);
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Blobs are files named by the digest of their content; a descriptor refers to one. */
function blobsIn(layout: string): (mediaType: string, content: Buffer | object) => Descriptor {
  return (mediaType, content) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(layout, 'blobs', 'sha256', hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
}
