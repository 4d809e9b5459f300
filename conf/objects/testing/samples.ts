import { readFileSync } from 'node:fs';
import { readManifest } from '../documents.ts';

/** A file with one object of every kind at least, in all of its forms: complete, so that nothing is filled in when it is read. */
export const validText = readFileSync(new URL('../testdata/valid.yaml', import.meta.url), 'utf8');

/** The objects in it, as they stand there. */
export const samples: readonly unknown[] = readManifest(validText, 'valid.yaml').map(({ value }) => value);
