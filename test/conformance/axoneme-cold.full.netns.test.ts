import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { cold } from '../fixtures/conformance/variants.ts';

/** Every item, where the plugin has changed since it last passed: a level of its own (scripts/tests/keyed.ts). */
describeConformance(cold);
