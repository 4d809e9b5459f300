/** One aspect of a namespace: what there is, by a name that stays the same from one snapshot to the next, and how it is. */
export type Section = ReadonlyMap<string, string>;

/** `mtu 1500, up`: values with their names, `true` as the name alone; what is absent, empty or false is left out. */
export function describe(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== '' && value !== false)
    .map(([key, value]) => (value === true ? key : `${key} ${String(value)}`))
    .join(', ');
}

/** A section of things that are only there or not; equal ones are counted, so that one of two can go missing. */
export function listed(names: readonly string[]): Section {
  const seen = new Map<string, number>();
  return new Map(
    names.map((name) => {
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      return [count === 1 ? name : `${name} (${count})`, ''];
    }),
  );
}
