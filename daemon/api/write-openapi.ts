import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from './openapi.ts';

/** Where the API's description lies in the repository. */
export const documentPath = join(import.meta.dirname, '../../docs/openapi.json');

/** The file's text. */
export const documentText = (): string => `${JSON.stringify(openApiDocument(), null, 2)}\n`;

/* `node daemon/api/write-openapi.ts` brings the document up to date; a test fails while it is not. */
if (import.meta.main) writeFileSync(documentPath, documentText());
