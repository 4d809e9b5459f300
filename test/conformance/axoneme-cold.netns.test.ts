import { conformanceItems } from '../../test-harness/conformance/items/index.ts';
import { describeConformance } from '../../test-harness/conformance/vitest.ts';
import { cold } from '../fixtures/conformance/variants.ts';

/** What a process of its own does otherwise than the daemon in its name: it reads environment and stdin, writes stdout and ends with a status. */
const isOfProcess = (id: string): boolean => /^(env|stdin|version|error)-|^result-(only|nulls)$/.test(id);

/** And each verb once. */
const verbs = ['life-1.1.0', 'del-never-added', 'del-silent', 'check-after-add', 'status-ready', 'gc-keeps-valid'];

describeConformance({ ...cold, only: [...conformanceItems.map(({ id }) => id).filter(isOfProcess), ...verbs] });
