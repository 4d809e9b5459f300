import * as z from 'zod/mini';
import { ignoredKeys, unbuilt } from './chart.ts';
import { defaultConfig } from './defaults.ts';
import { configSchema } from './schema.ts';

type Tree = { [key: string]: unknown };

/**
 * The configuration file as JSON Schema (draft 2020-12), for editors; committed as `conf/schema/config.schema.json`.
 * `node conf/config/json-schema.ts > conf/schema/config.schema.json` writes it anew.
 */
export function configJsonSchema(): Tree {
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as Tree;
  addDefaults(schema, defaultConfig);
  for (const path of ignoredKeys) addKey(schema, path, 'Key of the Cilium chart; accepted and without effect.');
  for (const { path, feature } of unbuilt) addKey(schema, path, `Key of the Cilium chart; not supported yet (${feature}).`);
  const { $schema, ...rest } = schema;
  return { $schema, title: 'Configuration of the axoneme daemon', ...rest };
}

/** Keys that the schema refuses and the parser lets through, so that an editor does not mark them. */
function addKey(schema: Tree, path: string, description: string): void {
  const [key, ...rest] = path.split('.');
  const properties = schema['properties'] as Tree | undefined;
  if (!properties || key === undefined) return;
  const inner = properties[key] as Tree | undefined;
  if (rest.length === 0) properties[key] ??= { description };
  else if (inner) addKey(inner, rest.join('.'), description);
}

function addDefaults(schema: Tree, defaults: unknown): void {
  const properties = schema['properties'] as Tree | undefined;
  if (!properties) schema['default'] = defaults;
  else for (const [key, inner] of Object.entries(properties)) addDefaults(inner as Tree, (defaults as Tree)[key]);
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
