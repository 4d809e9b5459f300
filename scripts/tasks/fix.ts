import { execFileSync } from 'node:child_process';
import { project } from '../build/step.ts';

const options = { cwd: project, stdio: 'inherit' } as const;
execFileSync('biome', ['check', '--write', '.'], options);
execFileSync('sh', ['-c', 'git ls-files "*.c" "*.h" "*.cc" | xargs -r clang-format -i'], options);
