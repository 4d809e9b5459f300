/** Labels of an object: qualified names to values. */
export type Labels = Readonly<Record<string, string>>;

/** One condition of a selector. `values` is there for In and NotIn only. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[] | undefined;
}

/** A selector as objects carry it; all conditions must hold, and an empty selector selects everything. */
export interface LabelSelector {
  readonly matchLabels?: Labels | undefined;
  readonly matchExpressions?: readonly LabelRequirement[] | undefined;
}

/** True when the labels satisfy every condition. NotIn and DoesNotExist also hold for a key that is absent. */
export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  return requirementsOf(selector).every((requirement) => holds(requirement, labels));
}

/** True when the labels satisfy every requirement. */
export function satisfies(requirements: readonly LabelRequirement[], labels: Labels): boolean {
  return requirements.every((requirement) => holds(requirement, labels));
}

/** `matchLabels` and `matchExpressions` as one list. */
export function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly LabelRequirement[] {
  const equal = Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] }));
  return [...equal, ...matchExpressions];
}

function holds({ key, operator, values = [] }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** The selector as `kubectl get` prints it: `app=web,tier in (a,b),!gone`; `<none>` when it is empty. */
export function formatSelector(selector: LabelSelector): string {
  const requirements = requirementsOf(selector);
  return requirements.length === 0 ? '<none>' : formatRequirements(requirements);
}

/** Requirements in the form that {@link parseLabelSelector} reads. */
export function formatRequirements(requirements: readonly LabelRequirement[]): string {
  return requirements.map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values = [] }: LabelRequirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}
