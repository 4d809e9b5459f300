import { definitionFileName, writeDefinitions } from '../../conf/objects/crd/write.ts';
import { ciliumKinds } from '../../conf/objects/registry.ts';
import type { Step } from './step.ts';

/** CustomResourceDefinitions from the schemas of objects. The files are committed; a test fails when they are stale. */
export const definitionsStep: Step = {
  name: 'definitions',
  inputs: ['conf/{objects,model,yaml}/**/*.ts', 'scripts/build/definitions.ts'],
  outputs: ciliumKinds.map((kind) => `conf/kubernetes/crds/${definitionFileName(kind)}`),
  run: writeDefinitions,
};
