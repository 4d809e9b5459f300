import { describeReference } from '../fixtures/conformance/references.ts';

describeReference('tuning');
