import { describeReference } from './references.ts';

describeReference('bridge');
