import { build } from '../build/index.ts';

await build();
