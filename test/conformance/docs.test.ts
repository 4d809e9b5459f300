import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { conformanceItems } from '../../test-harness/conformance/items/index.ts';
import { references } from '../fixtures/conformance/references.ts';

const page = readFileSync(join(import.meta.dirname, '../../test-harness/docs/conformance.md'), 'utf8');

it('lists every item, as it is', () => {
  const rows = conformanceItems.map(
    ({ id, section, level, since, roles, title }) =>
      `| \`${id}\` | ${section} | ${level} | ${since} | ${roles?.join(', ') ?? 'all'} | ${title} |`,
  );
  expect(page.slice(page.indexOf('## The items')).split('\n').slice(4).filter(Boolean)).toEqual(rows);
});

it.each(references.map((one) => [basename(one.plugin), one] as const))(
  'names every deviation of %s',
  (plugin, { knownDeviations = {} }) => {
    const deviations = page.slice(page.indexOf('## Deviations'), page.indexOf('## axoneme'));
    expect(deviations).toContain(plugin);
    for (const id of Object.keys(knownDeviations)) expect(deviations).toContain(`\`${id}\``);
  },
);
