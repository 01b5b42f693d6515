/** An import that is under way, kept in the browser, so that it goes on after a reload or a crash. Knows no API. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Format } from './export';
import { databaseOf, flag } from './flag';

export interface KeptRow {
  place: number;
  /** The row in the file, as JSON text. */
  cells: string;
  /** What to create, as JSON text, and its idempotency key. */
  body: string;
  key: string;
  /** Why the row is left out; empty if it is not. */
  fault: string;
}

export interface Run {
  id: string;
  /** Whose import it is; each user of the browser has one at most. */
  sub: string;
  file: string;
  format: Format;
  headers: string[];
  rows: KeptRow[];
}

/** `known`: an earlier run created it. `deleted`: an earlier run created it, and it was deleted since. */
export interface Outcome {
  state: 'created' | 'known' | 'deleted' | 'failed';
  why: string;
}

interface Tables extends DBSchema {
  /** One at most. */
  runs: { key: string; value: Run };
  outcomes: { key: number; value: Outcome };
}

export class Kept {
  #database: Promise<IDBPDatabase<Tables>> | null = null;

  /** Keep a new run in the place of the user's former one. */
  async begin(run: Run): Promise<void> {
    const write = (await this.#open(run.sub)).transaction(['runs', 'outcomes'], 'readwrite');
    void write.objectStore('runs').put(run, run.sub);
    void write.objectStore('outcomes').clear();
    await write.done;
    localStorage.setItem(flag(run.sub), run.file);
  }

  /** Return the user's run, and what became of its rows by their place. */
  async read(sub: string): Promise<{ run: Run; outcomes: Map<number, Outcome> } | null> {
    const read = (await this.#open(sub)).transaction(['runs', 'outcomes']);
    const all = read.objectStore('outcomes');
    const [run, places, outcomes] = await Promise.all([
      read.objectStore('runs').get(sub),
      all.getAllKeys(),
      all.getAll(),
    ]);
    if (!run) localStorage.removeItem(flag(sub));
    const pairs = places.flatMap((place, index) =>
      outcomes[index] ? [[place, outcomes[index]] as const] : [],
    );
    return run ? { run, outcomes: new Map(pairs) } : null;
  }

  async note(sub: string, place: number, outcome: Outcome): Promise<void> {
    await (await this.#open(sub)).put('outcomes', outcome, place);
  }

  /** Replace the rows of a run, whose outcomes are open again. */
  async reopen(run: Run, places: number[]): Promise<void> {
    const write = (await this.#open(run.sub)).transaction(['runs', 'outcomes'], 'readwrite');
    void write.objectStore('runs').put(run, run.sub);
    for (const place of places) void write.objectStore('outcomes').delete(place);
    await write.done;
  }

  async forget(sub: string): Promise<void> {
    localStorage.removeItem(flag(sub));
    const write = (await this.#open(sub)).transaction(['runs', 'outcomes'], 'readwrite');
    void write.objectStore('runs').delete(sub);
    void write.objectStore('outcomes').clear();
    await write.done;
  }

  #open(sub: string): Promise<IDBPDatabase<Tables>> {
    this.#database ??= openDB<Tables>(databaseOf(sub), 1, {
      upgrade(database) {
        database.createObjectStore('runs');
        database.createObjectStore('outcomes');
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(), // it is deleted when the user signs out
    });
    return this.#database;
  }
}
