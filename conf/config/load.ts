import { readFile } from 'node:fs/promises';
import { defaultConfig } from './defaults.ts';
import { ConfigError } from './error.ts';
import type { ParsedConfig } from './types.ts';

/** The configuration and where it came from. */
export interface LoadedConfig extends ParsedConfig {
  /** Path of the file, or `defaults`. */
  readonly source: string;
}

/**
 * Reads a YAML file. Without a file the defaults hold, and neither the YAML nor the schema library is loaded (12 MB of resident memory).
 * @param options.required a missing file is an error; for paths that a person gave
 * @throws ConfigError
 */
export async function loadConfig(path: string, options: { readonly required?: boolean } = {}): Promise<LoadedConfig> {
  const text = await read(path, options.required ?? false);
  if (text === undefined) return { config: defaultConfig, ignored: [], source: 'defaults' };
  const { parseYaml } = await import('./yaml.ts');
  const { parseConfig } = await import('./parse.ts');
  const { value, lineOf } = parseYaml(text, path);
  return { ...parseConfig(value, { source: path, lineOf }), source: path };
}

async function read(path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && !required) return undefined;
    const reason = code === 'ENOENT' ? 'no such file' : `cannot be read: ${(error as Error).message}`;
    throw new ConfigError(path, [{ path: '', reason }]);
  }
}
