import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { references } from './references.ts';

for (const reference of references) describeConformance(reference);
