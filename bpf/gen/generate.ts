import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { dropTexts, renderDropReasons } from './drop-reasons.ts';
import { emptyModel, type Model, merge, readObject } from './model.ts';
import { renderLayout } from './render.ts';

const root = join(import.meta.dirname, '..', '..');

/** The model of all objects below dist/bpf. Throws Error when there are none. */
export function readObjects(): Model {
  const files = globSync('dist/bpf/*.o', { cwd: root }).sort();
  if (files.length === 0) throw new Error('generate layouts: no objects below dist/bpf (build first)');
  const model = emptyModel();
  for (const file of files) merge(model, readObject(readFileSync(join(root, file)), basename(file, '.o')));
  return model;
}

/** The generated files: path below the project → text. */
export function generate(): Readonly<Record<string, string>> {
  const model = readObjects();
  const reasons = model.enums.get('drop_reason');
  if (reasons === undefined) throw new Error('generate layouts: no enum drop_reason in the objects');
  const drops = dropTexts(reasons, readFileSync(join(root, 'bpf/lib/drop.h'), 'utf8'));
  return { 'bpf/layout.generated.ts': renderLayout(model, drops), 'docs/drop-reasons.md': renderDropReasons(drops) };
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generate())) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
