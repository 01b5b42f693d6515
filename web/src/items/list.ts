/** The items loaded so far, page by page, with the changes this page made since. Knows no markup. */
import type { Api, Item, ListQuery } from '../api/client';
import { Store } from '../store';

export type Order = NonNullable<ListQuery['order']>;

export interface Listing {
  items: Item[];
  order: Order;
  /** Cursor of the next page; null after the last page, undefined before the first. */
  cursor: string | null | undefined;
  loading: boolean;
  error: unknown;
}

const PAGE = 25;
const LARGEST = 100;

export class ItemList {
  readonly store: Store<Listing>;
  #generation = 0;
  #deleted = new Set<string>();
  /** Items that this page wrote: the list reads an index that may lag a write by moments. */
  #written = new Map<string, Item>();

  constructor(
    private readonly api: Pick<Api, 'list'>,
    order: Order = 'desc',
  ) {
    this.store = new Store<Listing>({ items: [], order, cursor: undefined, loading: false, error: null });
  }

  /** Load the first page again. */
  load(order: Order = this.store.state.order): Promise<void> {
    this.#generation += 1;
    this.store.state = { items: [], order, cursor: undefined, loading: false, error: null };
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
      const items = this.#joined(this.store.state.items, page.items, page.next_cursor === null);
      this.#change({ items, cursor: page.next_cursor, loading: false });
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

  /** Put an item that the API returned into its place. */
  put(item: Item): void {
    this.#deleted.delete(item.id);
    this.#written.set(item.id, item);
    const { items, cursor } = this.store.state;
    this.#change({ items: this.#joined(items, [], cursor === null) });
  }

  remove(id: string): void {
    this.#deleted.add(id);
    this.#written.delete(id);
    this.#change({ items: this.store.state.items.filter((item) => item.id !== id) });
  }

  find(id: string): Item | undefined {
    return this.store.state.items.find((item) => item.id === id) ?? this.#written.get(id);
  }

  #change(part: Partial<Listing>): void {
    this.store.state = { ...this.store.state, ...part };
  }

  /** Return each item's newest version, in order, without written items that belong beyond the loaded pages. */
  #joined(loaded: Item[], page: Item[], whole: boolean): Item[] {
    const known = new Map<string, Item>();
    for (const item of [...loaded, ...page, ...this.#written.values()]) {
      const other = known.get(item.id);
      if (!this.#deleted.has(item.id) && (!other || other.version <= item.version)) known.set(item.id, item);
    }
    const sign = this.store.state.order === 'asc' ? 1 : -1;
    const byCreation = ({ created_at: one }: Item, { created_at: other }: Item) =>
      one === other ? 0 : sign * (one < other ? -1 : 1);
    const last = [...loaded, ...page].sort(byCreation).at(-1);
    return [...known.values()]
      .filter((item) => whole || !last || byCreation(item, last) <= 0)
      .sort(byCreation);
  }
}
