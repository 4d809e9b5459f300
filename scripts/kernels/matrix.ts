import type { KernelName } from '../../test-harness/vm/kernels.ts';

/** Something that is run on a kernel: tests by vitest, whose report counts them, or a program that counts as one test. */
export type Suite = { readonly vitest: readonly string[] } | { readonly program: readonly string[] };

/** What can be run in a virtual machine, by the name that `--suite` takes. */
export const suites = {
  /** the eBPF programs under BPF_PROG_TEST_RUN, and the addon */
  prog: { vitest: ['--project=prog'] },
  /** every program through the verifier, in every combination of its settings, held to its recorded number of instructions */
  verifier: { vitest: ['--project=prog', 'bpf/complexity'] },
  /** two files at a time: four daemons that load their programs at once on two emulated processors take minutes */
  netkit: { vitest: ['--project=netkit', '--maxWorkers=2', 'test/kernels'] },
  /** the plugin against the CNI specification, with pods by veth and by netkit */
  conformance: { vitest: ['--project=netns', 'test/conformance/axoneme.netns'] },
  'conformance-netkit': { vitest: ['--project=netkit', 'test/conformance'] },
  /** daemon, pods of both families that talk with each other and the node, and that all of it goes again; by netkit too where there is one */
  smoke: { program: ['test/kernels/smoke.ts'] },
} as const satisfies Readonly<Record<string, Suite>>;

export type SuiteName = keyof typeof suites;

export const suiteNames = Object.keys(suites) as readonly SuiteName[];

/** Everything on the kernel that most nodes will have for some time, and that has all that axoneme uses; the way round it on the others. */
export const matrix: Readonly<Record<KernelName, readonly SuiteName[]>> = {
  '5.10': ['smoke', 'verifier'],
  '6.1': ['smoke', 'verifier'],
  '6.12': ['conformance', 'conformance-netkit', 'prog', 'netkit', 'smoke'],
  newest: ['smoke', 'verifier'],
};

export interface Cell {
  readonly kernel: KernelName;
  readonly suite: SuiteName;
}

/**
 * What a run with a budget begins first: netkit, the floor, the newest, then what other kernels have shown already. The verifier's cells are last but for
 * what `npm test` has on its own kernel.
 */
export const importance: readonly string[] = [
  '6.12 smoke',
  '6.12 netkit',
  '5.10 smoke',
  'newest smoke',
  '6.1 smoke',
  '5.10 verifier',
  'newest verifier',
  '6.12 conformance-netkit',
  '6.1 verifier',
  '6.12 prog',
  '6.12 conformance',
];

/** The cells to run, the most important first. A kernel and a suite that are both named are run also where the matrix has no such cell. */
export function cells(kernels: readonly KernelName[] | undefined, names: readonly SuiteName[] | undefined): Cell[] {
  const rows = kernels ?? (Object.keys(matrix) as KernelName[]);
  const all = rows.flatMap((kernel) => (kernels && names ? names : matrix[kernel]).map((suite) => ({ kernel, suite })));
  const wanted = names === undefined ? all : all.filter(({ suite }) => names.includes(suite));
  const rank = (cell: Cell) => (importance.indexOf(nameOf(cell)) + importance.length + 1) % (importance.length + 1);
  return wanted.sort((left, right) => rank(left) - rank(right));
}

/** The name of a cell in the results and in the record. */
export const nameOf = ({ kernel, suite }: Cell): string => `${kernel} ${suite}`;

/** A suite of vitest can be stopped between two of its tests, a program cannot. */
export const isDivisible = ({ suite }: Cell): boolean => 'vitest' in suites[suite];
