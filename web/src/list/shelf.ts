/**
 * Entries in the order of the API, with what was written and read here since: the list reads an index that may lag a write by
 * moments. Every step costs as much as it brings. Knows no API call.
 */
import type { ListQuery, Resource } from '../api/client';

export type Order = NonNullable<ListQuery['order']>;

/** What a second look at the list showed that was not known here. */
export interface News {
  added: Resource[];
  changed: Resource[];
  gone: Resource[];
}

/** Written or read here, apart from the pages; `round` is that of the latest request before. */
interface Held {
  entry: Resource;
  round: number;
}

export class Shelf {
  #entries: Resource[] = [];
  /** The same by ID. */
  #listed = new Map<string, Resource>();
  #held = new Map<string, Held>();
  /** The version at which each was deleted. One that is back has a newer version. */
  #removed = new Map<string, number>();

  constructor(public order: Order) {}

  get size(): number {
    return this.#entries.length;
  }

  entries(): Resource[] {
    return [...this.#entries];
  }

  find(id: string): Resource | undefined {
    return this.#listed.get(id) ?? this.#held.get(id)?.entry;
  }

  /** Whether this version of it, or a later one, was deleted here. */
  isRemoved({ id, version }: Pick<Resource, 'id' | 'version'>): boolean {
    return version <= (this.#removed.get(id) ?? 0);
  }

  wasRemoved(id: string): boolean {
    return this.#removed.has(id);
  }

  /** Hold a version that is newer than the known one. It is listed where it belongs, unless that is beyond what is loaded. */
  hold(entry: Resource, round: number, loaded: 'nothing' | 'part' | 'all'): void {
    this.#removed.delete(entry.id);
    this.#held.set(entry.id, { entry, round });
    if (this.#listed.has(entry.id)) this.#replace(entry);
    else if (loaded === 'all' || (loaded === 'part' && this.#isWithin(entry, this.#entries.at(-1))))
      this.#insert(entry);
  }

  remove(id: string, version: number): void {
    const listed = this.#listed.get(id);
    this.#removed.set(id, Math.max(version, this.find(id)?.version ?? 0, this.#removed.get(id) ?? 0));
    this.#held.delete(id);
    if (!listed) return;
    this.#listed.delete(id);
    this.#entries.splice(this.#placeOf(listed), 1);
  }

  /** Forget what is held without a trace. */
  release(id: string): void {
    this.#held.delete(id);
  }

  /** Return what was held before the request of `round` and belongs to these pages, but is not in them: it may have been deleted. */
  missing(pages: Resource[], whole: boolean, round: number): Resource[] {
    const present = new Set(pages.map(({ id }) => id));
    return [...this.#held.values()]
      .filter((held) => held.round < round && !present.has(held.entry.id))
      .map(({ entry }) => entry)
      .filter((entry) => whole || (pages.length > 0 && this.#isWithin(entry, pages.at(-1))));
  }

  /** Add the next page. */
  append(page: Resource[], whole: boolean): void {
    for (const entry of page) {
      const newest = this.#newest(entry);
      if (!newest) continue;
      if (this.#listed.has(entry.id)) this.#replace(newest);
      else this.#push(newest);
    }
    this.#settle(whole);
  }

  /** Begin again, in an order. */
  restart(order: Order): void {
    this.order = order;
    this.#entries = [];
    this.#listed = new Map();
  }

  /** Put what a second look returned in the place of what was listed up to there. Return the news, and whether older entries stay below. */
  renew(fresh: Resource[], whole: boolean, wasWhole: boolean): { news: News; rest: boolean } {
    const [before, listed] = [this.#entries, this.#listed];
    const known = new Set([...listed.keys(), ...this.#held.keys(), ...this.#removed.keys()]);
    const below = whole ? [] : before.filter((entry) => !this.#isWithin(entry, fresh.at(-1)));
    this.restart(this.order);
    this.append(fresh, whole);
    for (const entry of below) if (!this.#listed.has(entry.id)) this.#push(entry);
    const changed = this.#entries.filter(
      (entry) => (listed.get(entry.id)?.version ?? entry.version) < entry.version,
    );
    const added = this.#entries.filter(
      (entry) => !known.has(entry.id) && (wasWhole || this.#isWithin(entry, before.at(-1))),
    );
    const gone = before.filter(({ id }) => !this.#listed.has(id));
    return { news: { added, changed, gone }, rest: below.length > 0 };
  }

  reverse(): void {
    this.order = this.order === 'asc' ? 'desc' : 'asc';
    this.#entries.reverse();
  }

  /** Return the newest known version of an entry of a page; undefined if it was deleted. */
  #newest(entry: Resource): Resource | undefined {
    if (this.isRemoved(entry)) return undefined;
    this.#removed.delete(entry.id);
    const held = this.#held.get(entry.id)?.entry;
    if (held && held.version > entry.version) return held;
    this.#held.delete(entry.id); // the index has caught up
    return entry;
  }

  /** List what is held and belongs to what is loaded. */
  #settle(whole: boolean): void {
    const last = this.#entries.at(-1);
    for (const { entry } of this.#held.values()) {
      if (!this.#listed.has(entry.id) && (whole || this.#isWithin(entry, last))) this.#insert(entry);
    }
  }

  #push(entry: Resource): void {
    const last = this.#entries.at(-1);
    if (last && this.#compare(last, entry) > 0) {
      this.#insert(entry);
      return;
    }
    this.#entries.push(entry);
    this.#listed.set(entry.id, entry);
  }

  #insert(entry: Resource): void {
    this.#entries.splice(
      this.#search((other) => this.#compare(other, entry) > 0),
      0,
      entry,
    );
    this.#listed.set(entry.id, entry);
  }

  #replace(entry: Resource): void {
    const listed = this.#listed.get(entry.id);
    if (!listed || listed.version > entry.version) return;
    this.#entries[this.#placeOf(listed)] = entry;
    this.#listed.set(entry.id, entry);
  }

  #placeOf(listed: Resource): number {
    const from = this.#search((other) => this.#compare(other, listed) >= 0);
    return this.#entries.indexOf(listed, from);
  }

  /** Return the first place from which on `beyond` is true, by halving. */
  #search(beyond: (entry: Resource) => boolean): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle];
      if (entry && !beyond(entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isWithin(entry: Resource, last: Resource | undefined): boolean {
    return !last || this.#compare(entry, last) <= 0;
  }

  #compare({ created_at: one }: Resource, { created_at: other }: Resource): number {
    if (one === other) return 0;
    return one < other === (this.order === 'asc') ? -1 : 1;
  }
}
