import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { complexityTable, recordComplexity } from '../../bpf/gen/complexity.ts';
import { type KernelName, kernelNames, vm } from '../../test-harness/index.ts';
import { project } from '../build/step.ts';
import { environment } from './cell.ts';

const page = join(project, 'docs', 'kernels.md');
const marked = /(<!-- verifier:begin -->\n).*?(\n<!-- verifier:end -->)/s;

/** The page with the table as bpf/complexity.json has it now. */
export const withTable = (text: string): string => text.replace(marked, (_, begin, end) => `${begin}${complexityTable()}${end}`);

/** Loads every program on every kernel, and writes what the verifier walked into bpf/complexity.json and docs/kernels.md. */
export async function record(kernels: readonly KernelName[] = kernelNames): Promise<void> {
  for (const kernel of kernels) {
    await using machine = await vm({ kernel });
    const output = await machine.run([process.execPath, 'bpf/gen/complexity.ts', '--print'], { cwd: project, env: environment });
    process.stdout.write(output);
    recordComplexity(JSON.parse(output));
  }
  writeFileSync(page, withTable(readFileSync(page, 'utf8')));
}
