import { describeReference } from './references.ts';

describeReference('macvlan');
