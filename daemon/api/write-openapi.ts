import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Core } from '../module.ts';
import { createModules } from '../modules.ts';
import { NodeStatus } from '../node-status.ts';
import { openApiDocument } from './openapi.ts';

/** Where the API's description lies in the repository. */
export const documentPath = join(import.meta.dirname, '../../docs/openapi.json');

/** The description of every route, without a daemon: no route is run, so that nothing is asked of the core. */
export function wholeDocument() {
  const core = {} as Core;
  const modules = createModules(core);
  const status = new NodeStatus({ core, modules, isServing: () => false, ownProblems: () => [] });
  return openApiDocument([status, ...modules].flatMap(({ routes = [] }) => routes));
}

/** The file's text. */
export const documentText = (): string => `${JSON.stringify(wholeDocument(), null, 2)}\n`;

/* `node daemon/api/write-openapi.ts` brings the document up to date; a test fails while it is not. */
if (import.meta.main) writeFileSync(documentPath, documentText());
