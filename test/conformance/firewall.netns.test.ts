import { describeReference } from './references.ts';

describeReference('firewall');
