import { build } from '../build/index.ts';

await build();
const { tour } = await import('../tour/tour.ts');
process.exitCode = await tour();
