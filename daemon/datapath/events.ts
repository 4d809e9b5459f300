/** Drops and traces of the datapath, the latest ones, for whoever asks. */
export class EventLog {
  readonly #records: (Uint8Array | undefined)[];
  #count = 0;

  /** Holds at most `capacity` records, some 200 bytes each. */
  constructor(capacity: number) {
    this.#records = new Array<Uint8Array | undefined>(capacity);
  }

  /** Records seen since the start, also those that are forgotten. */
  get seen(): number {
    return this.#count;
  }

  add(record: Uint8Array): void {
    this.#records[this.#count % this.#records.length] = record;
    this.#count++;
  }

  /** The records that are still held, oldest first. */
  recent(): Uint8Array[] {
    const start = this.#count % this.#records.length;
    return [...this.#records.slice(start), ...this.#records.slice(0, start)].filter((record) => record !== undefined);
  }
}
