import type { FieldPath } from './schema/walk.ts';

/** One thing that is wrong with an object. */
export interface ObjectProblem {
  /** `spec.ingress[0].fromCIDR[1]`; empty for the object as a whole. */
  readonly path: string;
  /** What is wrong and what would be right, without the path: `expected a port from 0 to 65535, got 70000`. */
  readonly reason: string;
  /** `CiliumNetworkPolicy default/web`; absent when there is no telling. */
  readonly object?: string;
  /** Line in the file, from 1. */
  readonly line?: number;
}

/** Objects that cannot be used. It carries every problem that was found. */
export class ObjectError extends Error {
  override readonly name = 'ObjectError';
  readonly code = 'OBJECT';
  readonly problems: readonly ObjectProblem[];

  /** @param source what was read: a file's path, `stdin`, or `object` */
  constructor(source: string, problems: readonly [ObjectProblem, ...ObjectProblem[]]) {
    super(problems.map((problem) => sentence(source, problem)).join('\n'));
    this.problems = problems;
  }
}

function sentence(source: string, { object, path, reason, line }: ObjectProblem): string {
  const where = line === undefined ? source : `${source}:${line}`;
  return ['read', [where, object, path, reason].filter((part) => part !== undefined && part !== '').join(': ')].join(' ');
}

/** The path as Kubernetes writes it: `spec.ports[0].port`, `metadata.labels[app.kubernetes.io/name]`. */
export function formatPath(path: FieldPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number' || !/^[\w-]+$/.test(part)) return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
