/** A column of the table that `get` prints. */
export interface Column {
  /** As a CRD names it; tables print it in upper case. */
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  /** Only in wide tables. */
  readonly isWide?: boolean;
  /** Where the value is, in the JSONPath of Kubernetes; absent for a cell that is computed, which no CRD can have. */
  readonly jsonPath?: string;
  readonly cell?: (object: unknown, now: Date) => string;
}

/** The object's age; CRDs that name columns lose this one unless they name it too. */
export const ageColumn: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
