import { CniError, type CniErrorName } from './errors.ts';

/** A JSON object of unknown shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

interface Kinds {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
  readonly object: JsonObject;
}

/**
 * Reads one JSON object field by field; an error names the path and the value: `read ips[0].address: 5 is not a string`.
 * It stands in for a schema library, which would cost the cold plugin more than all of its own work.
 */
export class Reader {
  readonly value: JsonObject;
  readonly #path: string;
  readonly #code: CniErrorName;

  constructor(value: unknown, path: string, code: CniErrorName = 'decode-failure') {
    this.#path = path;
    this.#code = code;
    if (!isObject(value)) throw this.fail('', value, 'is not an object');
    this.value = value;
  }

  /** The field, or undefined when it is absent or null. A number is a finite one, integral as every number of the protocol is. */
  optional<K extends keyof Kinds>(key: string, kind: K): Kinds[K] | undefined {
    const value = Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    if (value === undefined || value === null) return undefined;
    const fits = kind === 'object' ? isObject(value) : kind === 'number' ? Number.isSafeInteger(value) : typeof value === kind;
    if (!fits) throw this.fail(key, value, `is not ${kind === 'object' ? 'an' : 'a'} ${kind === 'number' ? 'whole number' : kind}`);
    return value as Kinds[K];
  }

  required<K extends keyof Kinds>(key: string, kind: K): Kinds[K] {
    const value = this.optional(key, kind);
    if (value === undefined) throw this.fail(key, undefined, 'is missing');
    return value;
  }

  /** The objects of a list; none when it is absent or null. */
  list(key: string): Reader[] {
    return this.#array(key).map((item, index) => new Reader(item, this.#join(`${key}[${index}]`), this.#code));
  }

  /** The strings of a list; none when it is absent or null. */
  strings(key: string): string[] {
    return this.#array(key).map((item, index) => {
      if (typeof item !== 'string') throw this.fail(`${key}[${index}]`, item, 'is not a string');
      return item;
    });
  }

  /** A reader of the object in this field; of an empty one when it is absent. */
  child(key: string): Reader {
    return new Reader(this.optional(key, 'object') ?? {}, this.#join(key), this.#code);
  }

  /** The same object with the keys in lower case: Go decodes keys in any case, and some runtimes write `HostPort`. The last one wins. */
  lowerCased(): Reader {
    const entries = Object.entries(this.value).map(([key, value]) => [key.toLowerCase(), value]);
    return new Reader(Object.fromEntries(entries), this.#path, this.#code);
  }

  /** The error for a field's value. */
  fail(key: string, value: unknown, problem: string, code: CniErrorName = this.#code): CniError {
    return new CniError(code, `read ${this.#join(key)}:${value === undefined ? '' : ` ${excerpt(value)}`} ${problem}`);
  }

  #array(key: string): unknown[] {
    const value = Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw this.fail(key, value, 'is not a list');
    return value;
  }

  #join(key: string): string {
    return [this.#path, shownKey(key)].filter(Boolean).join('.') || 'configuration';
  }
}

/** A key may be any text; one that would tear a message apart is quoted and cut. */
function shownKey(key: string): string {
  return key === '' || /^[\w./[\]-]{1,80}$/.test(key) ? key : excerpt(key);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Longest excerpt of a value in a message, in characters. */
const EXCERPT = 80;

function excerpt(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
}
