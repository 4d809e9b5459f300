import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseManifest } from './documents.ts';
import { apiVersionsOf } from './kind.ts';
import { allKinds } from './registry.ts';

const page = readFileSync(new URL('../../docs/objects.md', import.meta.url), 'utf8');

describe('docs/objects.md', () => {
  it('has an example that is valid', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    expect(parseManifest(example, 'objects.md').map(({ metadata }) => metadata.name)).toEqual(['vac', 'web']);
  });

  it.each(allKinds.map((kind) => [kind.kind, kind] as const))('has a row for %s', (name, kind) => {
    const [, versions, shortNames, namespace] = page.match(new RegExp(`^\\| ${name} \\| (.*) \\|(.*)\\| (yes|no) \\|$`, 'm')) ?? [];
    const [first, ...others] = apiVersionsOf(kind);
    expect(versions).toBe([first, ...others.map((version) => version.split('/')[1])].join(', '));
    expect(shortNames?.trim()).toBe(kind.shortNames.join(', '));
    expect(namespace).toBe(kind.namespaced ? 'yes' : 'no');
  });

  it('shows errors as they are', () => {
    const text =
      'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: web, namespace: shop}\nspec: {ingres: [],\n\n\n\n  endpointSelector: {},\n  egress: [{toCIDR: [10.0.0.0/40]}]}\n';
    const [, errors = ''] = /```\n(read .*?)\n```/s.exec(page) ?? [];
    expect(() => parseManifest(text, 'web.yaml')).toThrow(errors);
  });
});
