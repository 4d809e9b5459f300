import { join } from 'node:path';
import { buildNative } from '../build-native.ts';
import { project, type Step } from './step.ts';

export const nativeStep: Step = {
  name: 'native',
  inputs: ['native/addon/**', 'scripts/build-native.ts'],
  outputs: ['dist/native/axoneme-sys.node', 'dist/native/axoneme-bpf.node', 'dist/native/axoneme-harness.node'],
  run: () => buildNative(join(project, 'dist', 'native')),
};
