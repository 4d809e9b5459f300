import { describeReference } from './references.ts';

describeReference('ptp');
