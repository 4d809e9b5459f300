import { benchStep } from './bench.ts';
import { bpfStep } from './bpf.ts';
import { bundleStep } from './bundle.ts';
import { definitionsStep } from './definitions.ts';
import { harnessStep } from './harness.ts';
import { launcherStep } from './launcher.ts';
import { nativeStep } from './native.ts';
import { packStep } from './pack.ts';
import { runStep } from './step.ts';

import { vmStep } from './vm.ts';

/** Brings dist/ up to date: addons, the published package, eBPF objects, launcher, bundles, executables, the benchmark's programs. Silent when nothing changed. */
export async function build(): Promise<void> {
  await runStep(nativeStep);
  await runStep(harnessStep);
  await runStep(vmStep);
  await runStep(bpfStep);
  await runStep(launcherStep);
  await runStep(definitionsStep);
  await runStep(bundleStep);
  await runStep(packStep);
  await runStep(benchStep);
}
