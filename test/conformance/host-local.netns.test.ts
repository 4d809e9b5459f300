import { describeReference } from '../fixtures/conformance/references.ts';

describeReference('host-local');
