import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from './json-schema.ts';

const committed = new URL('../schema/config.schema.json', import.meta.url);
const page = new URL('../../docs/configuration.md', import.meta.url);

describe('config.schema.json', () => {
  it('is what the schema in the code says (else: node conf/config/json-schema.ts > conf/schema/config.schema.json)', async () => {
    expect(JSON.parse(await readFile(committed, 'utf8'))).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  it('knows no key that docs/configuration.md does not explain', async () => {
    const text = await readFile(page, 'utf8');
    expect(explained(configJsonSchema(), []).filter((path) => !text.includes(`\`${path}\``))).toEqual([]);
  });
});

/** Paths of keys with a default: those that do something. */
function explained(schema: Record<string, unknown>, path: string[]): string[] {
  if ('default' in schema) return [path.join('.')];
  const properties = (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
  return Object.entries(properties).flatMap(([key, inner]) => explained(inner, [...path, key]));
}
