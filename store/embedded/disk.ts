import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

type File = Awaited<ReturnType<typeof open>>;

/** What the store asks of its file, one method per step at which a crash can happen. */
export interface Disk {
  /** the whole file; undefined when there is none */
  read(): Promise<Buffer | undefined>;
  /** Replaces the file as a whole and durably: readers and crashes see the old one or the new one. */
  replace(content: string): Promise<void>;
  /** Writes at an offset, behind which the file has nothing. */
  write(text: string, at: number): Promise<number>;
  /** Returns when all that was written is on the disk. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** One file and a temporary one beside it, mode 0600. */
export class FileDisk implements Disk {
  readonly #path: string;
  #file: File | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<Buffer | undefined> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const content = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    });
    if (content !== undefined) this.#file = await open(this.#path, 'r+');
    return content;
  }

  async replace(content: string): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
      await rename(temporary, this.#path);
    } catch (error) {
      await file.close();
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    const before = this.#file;
    this.#file = file;
    await before?.close();
    await this.#syncFolder();
  }

  async write(text: string, at: number): Promise<number> {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#open().write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    }
    return bytes.length;
  }

  async sync(): Promise<void> {
    await this.#open().datasync();
  }

  async truncate(length: number): Promise<void> {
    await this.#open().truncate(length);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  #open(): File {
    if (this.#file === undefined) throw new Error(`write ${this.#path}: the file is closed`);
    return this.#file;
  }

  /** A rename is durable when its folder is. */
  async #syncFolder(): Promise<void> {
    const folder = await open(dirname(this.#path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
