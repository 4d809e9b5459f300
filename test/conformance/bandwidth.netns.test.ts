import { describeReference } from '../fixtures/conformance/references.ts';

describeReference('bandwidth');
