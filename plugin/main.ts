import { exitNow } from '../native/binding.ts';
import { coldHandlers } from './handlers.ts';
import { processEdge } from './process-edge.ts';
import { reportFailure, runPlugin } from './skel.ts';

const edge = processEdge();
// Stdout and stderr are written by then: nothing is left to wait for.
const fail = (error: unknown): never => exitNow(reportFailure(edge, error));

process.on('uncaughtException', fail).on('unhandledRejection', fail);
runPlugin(edge, coldHandlers).then(exitNow, fail);
