/** The resources loaded so far, page by page, with the changes this page made since; those in the trash too. Knows no markup. */
import type { Api, ListQuery, Resource } from '../api/client';
import { service } from '../contract/service';
import { Store } from '../store';

export type Order = NonNullable<ListQuery['order']>;

export interface Listing {
  entries: Resource[];
  order: Order;
  /** Cursor of the next page; null after the last page, undefined before the first. */
  cursor: string | null | undefined;
  loading: boolean;
  error: unknown;
}

const LARGEST = Math.min(100, service.limit);
const PAGE = Math.min(25, LARGEST);

export class ResourceList {
  readonly store: Store<Listing>;
  #generation = 0;
  /** The version at which this page removed each. One that is back has a newer version. */
  #removed = new Map<string, number>();
  /** What this page wrote: the list reads an index that may lag a write by moments. */
  #written = new Map<string, Resource>();

  constructor(
    private readonly api: Pick<Api, 'list'>,
    order: Order = 'desc',
    private readonly deleted = false,
  ) {
    this.store = new Store<Listing>({ entries: [], order, cursor: undefined, loading: false, error: null });
  }

  /** Load the first page again. */
  load(order: Order = this.store.state.order): Promise<void> {
    this.#generation += 1;
    this.store.state = { entries: [], order, cursor: undefined, loading: false, error: null };
    return this.more();
  }

  /** Load the next page with something in it, if there is one and no page is loading. */
  async more(limit = PAGE): Promise<void> {
    if (this.store.state.loading || this.store.state.cursor === null) return;
    const generation = this.#generation;
    this.#change({ loading: true, error: null });
    try {
      for (let done = false; !done;) {
        const { entries: before, order, cursor } = this.store.state;
        const query: ListQuery = { limit, order, ...(cursor ? { cursor } : {}) };
        const page = await this.api.list(this.deleted ? { ...query, deleted: true } : query);
        if (generation !== this.#generation) return;
        const entries = this.#joined(this.store.state.entries, page.entries, page.next_cursor === null);
        done = page.next_cursor === null || entries.length > before.length;
        this.#change({ entries, cursor: page.next_cursor, loading: !done });
      }
    } catch (error) {
      if (generation === this.#generation) this.#change({ loading: false, error });
    }
  }

  /** Load all remaining pages. */
  async all(): Promise<void> {
    const generation = this.#generation;
    while (generation === this.#generation && this.store.state.cursor && !this.store.state.error) {
      await this.more(LARGEST);
    }
  }

  /** Put a resource that the API returned into its place. */
  put(entry: Resource): void {
    this.#removed.delete(entry.id);
    this.#written.set(entry.id, entry);
    const { entries, cursor, loading } = this.store.state;
    if (loading && cursor === undefined) return; // it is listed with the first page; before, it would push down the placeholders
    this.#change({ entries: this.#joined(entries, [], cursor === null) });
  }

  /** Remove a resource; the list may still contain this version of it for moments. */
  remove({ id, version }: Pick<Resource, 'id' | 'version'>): void {
    this.#removed.set(id, version);
    this.#written.delete(id);
    const entries = this.store.state.entries.filter((entry) => entry.id !== id);
    this.#change({ entries });
    if (!entries.length && this.store.state.cursor) void this.more();
  }

  find(id: string): Resource | undefined {
    return this.store.state.entries.find((entry) => entry.id === id) ?? this.#written.get(id);
  }

  #change(part: Partial<Listing>): void {
    this.store.state = { ...this.store.state, ...part };
  }

  /** Return the newest version of each, in order, without those written here that belong beyond the loaded pages. */
  #joined(loaded: Resource[], page: Resource[], whole: boolean): Resource[] {
    const known = new Map<string, Resource>();
    for (const entry of [...loaded, ...page, ...this.#written.values()]) {
      const [other, removed] = [known.get(entry.id), this.#removed.get(entry.id)];
      if (entry.version > (removed ?? 0) && (!other || other.version <= entry.version))
        known.set(entry.id, entry);
    }
    const sign = this.store.state.order === 'asc' ? 1 : -1;
    const byCreation = ({ created_at: one }: Resource, { created_at: other }: Resource) =>
      one === other ? 0 : sign * (one < other ? -1 : 1);
    const last = [...loaded, ...page].sort(byCreation).at(-1);
    return [...known.values()]
      .filter((entry) => whole || !last || byCreation(entry, last) <= 0)
      .sort(byCreation);
  }
}
