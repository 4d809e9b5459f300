import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ciliumKinds } from '../registry.ts';
import { definitionFile } from './definition.ts';

/** Where the definitions are that ship with axoneme, a file each. */
export const definitionFolder = join(import.meta.dirname, '..', '..', 'kubernetes', 'crds');

/** Name of a kind's file: `ciliumnodes.yaml`. */
export function definitionFileName({ plural }: { readonly plural: string }): string {
  return `${plural}.yaml`;
}

/** Writes the definition of every kind of cilium.io, and removes files of kinds that are gone. */
export function writeDefinitions(): void {
  mkdirSync(definitionFolder, { recursive: true });
  const names = ciliumKinds.map(definitionFileName);
  for (const name of readdirSync(definitionFolder)) if (!names.includes(name)) rmSync(join(definitionFolder, name));
  for (const kind of ciliumKinds) writeFileSync(join(definitionFolder, definitionFileName(kind)), definitionFile(kind));
}

if (import.meta.main) writeDefinitions();
