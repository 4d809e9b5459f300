import { conformanceItems } from '../../test-harness/conformance/items/index.ts';
import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { delegating } from '../fixtures/conformance/variants.ts';

/** What an IPAM plugin changes. */
const isOfDelegation = (id: string): boolean => id.startsWith('delegate-') || id.startsWith('add-delegate-');

const lives = ['life-0.3.1', 'life-1.1.0', 'add-two-containers', 'del-leaves-nothing', 'result-true', 'gc-frees-others'];

describeConformance({ ...delegating, only: [...conformanceItems.map(({ id }) => id).filter(isOfDelegation), ...lives] });
