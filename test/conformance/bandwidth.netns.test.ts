import { describeReference } from './references.ts';

describeReference('bandwidth');
