import { describeReference } from './references.ts';

describeReference('portmap');
