import { EVENT_ID, type Event } from 'js-yaml';
import type { YamlPath } from './read.ts';

/** One document's lines. */
export interface Position {
  readonly lineOf: (path: YamlPath) => number;
}

interface Place {
  /** Offset in the text. */
  readonly at: number;
  readonly children: Map<string | number, Place>;
}

/** Where everything stands, from the events of the parser; one entry per document. */
export function positionsOf(events: readonly Event[], text: string): readonly Position[] {
  const lineStarts = startsOf(text);
  return rootsOf(events, text).map((root) => ({ lineOf: (path) => lineAt(lineStarts, placeOf(root, path).at) }));
}

function placeOf(root: Place, path: YamlPath): Place {
  let place = root;
  for (const part of path) {
    const inner = place.children.get(part) ?? place.children.get(Number(part));
    if (!inner) break;
    place = inner;
  }
  return place;
}

/** Walks the events once. A mapping's events alternate between keys and values. */
function rootsOf(events: readonly Event[], text: string): Place[] {
  const roots: Place[] = [];
  const open: Container[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.POP) open.pop();
    else if (event.type === EVENT_ID.DOCUMENT) open.push(new Container('document', { at: 0, children: new Map() }, roots));
    else enter(event, open, text);
  }
  return roots;
}

function enter(event: Exclude<Event, { type: 1 | 6 }>, open: Container[], text: string): void {
  const place = { at: offsetOf(event), children: new Map() };
  const key = event.type === EVENT_ID.SCALAR ? text.slice(event.valueStart, event.valueEnd) : '';
  open.at(-1)?.add(place, key);
  if (event.type === EVENT_ID.MAPPING) open.push(new Container('mapping', place));
  if (event.type === EVENT_ID.SEQUENCE) open.push(new Container('sequence', place));
}

function offsetOf(event: Exclude<Event, { type: 1 | 6 }>): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  return event.type === EVENT_ID.ALIAS ? event.anchorStart : event.start;
}

/** What is open at a point of the text: the document itself, a mapping or a sequence. */
class Container {
  readonly #kind: 'document' | 'mapping' | 'sequence';
  readonly #place: Place;
  readonly #roots: Place[] | undefined;
  #key: { readonly name: string; readonly at: number } | undefined;

  constructor(kind: 'document' | 'mapping' | 'sequence', place: Place, roots?: Place[]) {
    this.#kind = kind;
    this.#place = place;
    this.#roots = roots;
  }

  add(place: Place, text: string): void {
    if (this.#kind === 'document') this.#roots?.push(place);
    else if (this.#kind === 'sequence') this.#place.children.set(this.#place.children.size, place);
    else if (this.#key) this.#addValue(this.#key, place);
    else this.#key = { name: text, at: place.at };
  }

  /** A value stands where its key does: the line that people look for. */
  #addValue(key: { readonly name: string; readonly at: number }, place: Place): void {
    this.#place.children.set(key.name, { at: key.at, children: place.children });
    this.#key = undefined;
  }
}

function startsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The line, from 1, in which the offset lies. */
function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
