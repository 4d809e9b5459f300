import { isTree } from '../schema/walk.ts';

/**
 * The values at a path in the dialect of CRDs' printer columns: `.spec.addresses[?(@.type=="InternalIP")].ip`, `.list[0].x`, and
 * `.metadata.labels.io\.kubernetes\.pod\.namespace` with dots that belong to a name.
 * @throws SyntaxError for any other form
 */
export function valuesAt(path: string, object: unknown): unknown[] {
  return stepsOf(path).reduce<unknown[]>((values, step) => values.flatMap((value) => step(value)), [object]);
}

type Step = (value: unknown) => unknown[];

const cache = new Map<string, readonly Step[]>();

function stepsOf(path: string): readonly Step[] {
  const known = cache.get(path);
  if (known) return known;
  const steps = compile(path);
  cache.set(path, steps);
  return steps;
}

const FIELD = /^\.((?:[^.[\\]|\\.)+)/;
const INDEX = /^\[(\d+)\]/;
const FILTER = /^\[\?\(@\.([\w-]+)\s*==\s*["']([^"']*)["']\)\]/;

function compile(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const field = FIELD.exec(rest);
    const index = INDEX.exec(rest);
    const filter = FILTER.exec(rest);
    const found = field ?? index ?? filter;
    if (!found) throw new SyntaxError(`read JSONPath ${JSON.stringify(path)}: cannot read it from ${JSON.stringify(rest)}`);
    if (field) steps.push(fieldStep((field[1] ?? '').replace(/\\(.)/g, '$1')));
    if (index) steps.push((value) => (Array.isArray(value) && value.length > Number(index[1]) ? [value[Number(index[1])]] : []));
    if (filter) steps.push(filterStep(filter[1] ?? '', filter[2] ?? ''));
    rest = rest.slice(found[0].length);
  }
  return steps;
}

const fieldStep =
  (name: string): Step =>
  (value) =>
    isTree(value) && Object.hasOwn(value, name) ? [value[name]] : [];

const filterStep =
  (name: string, wanted: string): Step =>
  (value) =>
    Array.isArray(value) ? value.filter((entry) => isTree(entry) && entry[name] === wanted) : [];
