import type { Node } from '../../test-harness/index.ts';

/** What bpftool says of a pinned map or program, as far as it is used. */
export interface Pinned {
  readonly id: number;
  readonly name: string;
  /** What the kernel counts for it: of a map its tables and entries, of a program the code as verified. */
  readonly bytes_memlock: number;
  /** Of programs: machine code. */
  readonly bytes_jited?: number;
}

const pins = '/sys/fs/bpf/axoneme/v1';

/** A JSON array per kind of pin; bpftool names one object at a time. */
async function list(node: Node, kind: 'map' | 'prog'): Promise<Pinned[]> {
  const script = 'for pin in "$1"/*; do bpftool -j "$0" show pinned "$pin"; echo; done';
  const text = await node.run(['sh', '-c', script, kind, `${pins}/${kind}s`]);
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

/** All maps and programs of a node, by an independent witness. */
export async function pinnedObjects(node: Node): Promise<{ maps: Pinned[]; programs: Pinned[] }> {
  return { maps: await list(node, 'map'), programs: await list(node, 'prog') };
}

/** Kernel memory of maps and programs in MiB. */
export function kernelMebibytes({ maps, programs }: { maps: readonly Pinned[]; programs: readonly Pinned[] }): number {
  const bytes = [...maps, ...programs].reduce((sum, { bytes_memlock, bytes_jited = 0 }) => sum + bytes_memlock + bytes_jited, 0);
  return bytes / 2 ** 20;
}
