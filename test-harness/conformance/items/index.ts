import type { ConformanceItem } from '../item.ts';
import { addItems } from './add.ts';
import { checkItems } from './check.ts';
import { concurrencyItems } from './concurrency.ts';
import { delItems } from './del.ts';
import { delegationItems } from './delegation.ts';
import { environmentItems } from './environment.ts';
import { errorItems } from './error.ts';
import { gcItems } from './gc.ts';
import { resultItems } from './result.ts';
import { statusItems } from './status.ts';
import { stdinItems } from './stdin.ts';
import { versionItems } from './version.ts';

/** Every item, in the order in which a reader of the specification would look for them. */
export const conformanceItems: readonly ConformanceItem[] = [
  ...environmentItems,
  ...stdinItems,
  ...versionItems,
  ...addItems,
  ...resultItems,
  ...delItems,
  ...checkItems,
  ...statusItems,
  ...gcItems,
  ...delegationItems,
  ...errorItems,
  ...concurrencyItems,
];
