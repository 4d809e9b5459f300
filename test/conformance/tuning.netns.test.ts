import { describeReference } from './references.ts';

describeReference('tuning');
