import { describeReference } from './references.ts';

describeReference('host-local');
