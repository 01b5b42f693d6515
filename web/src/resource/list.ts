/** The resources loaded so far, page by page, with the changes this page made since. Knows no markup. */
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
  #deleted = new Set<string>();
  /** What this page wrote: the list reads an index that may lag a write by moments. */
  #written = new Map<string, Resource>();

  constructor(
    private readonly api: Pick<Api, 'list'>,
    order: Order = 'desc',
  ) {
    this.store = new Store<Listing>({ entries: [], order, cursor: undefined, loading: false, error: null });
  }

  /** Load the first page again. */
  load(order: Order = this.store.state.order): Promise<void> {
    this.#generation += 1;
    this.store.state = { entries: [], order, cursor: undefined, loading: false, error: null };
    return this.more();
  }

  /** Load the next page, if there is one and no page is loading. */
  async more(limit = PAGE): Promise<void> {
    const { order, cursor, loading } = this.store.state;
    if (loading || cursor === null) return;
    const generation = this.#generation;
    this.#change({ loading: true, error: null });
    try {
      const page = await this.api.list({ limit, order, ...(cursor ? { cursor } : {}) });
      if (generation !== this.#generation) return;
      const entries = this.#joined(this.store.state.entries, page.entries, page.next_cursor === null);
      this.#change({ entries, cursor: page.next_cursor, loading: false });
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
    this.#deleted.delete(entry.id);
    this.#written.set(entry.id, entry);
    const { entries, cursor } = this.store.state;
    this.#change({ entries: this.#joined(entries, [], cursor === null) });
  }

  remove(id: string): void {
    this.#deleted.add(id);
    this.#written.delete(id);
    this.#change({ entries: this.store.state.entries.filter((entry) => entry.id !== id) });
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
      const other = known.get(entry.id);
      if (!this.#deleted.has(entry.id) && (!other || other.version <= entry.version))
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
