import { coldHandlers } from './handlers.ts';
import { processEdge } from './process-edge.ts';
import { reportFailure, runPlugin } from './skel.ts';

const edge = processEdge();
const fail = (error: unknown): never => process.exit(reportFailure(edge, error));

process.on('uncaughtException', fail).on('unhandledRejection', fail);
runPlugin(edge, coldHandlers).then((status) => process.exit(status), fail);
