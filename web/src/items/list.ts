/** The items that are loaded, page by page, with what this page changed since. Knows no markup. */
import type { Api, Item, ListQuery } from '../api/client';
import { Store } from '../store';

export type Order = NonNullable<ListQuery['order']>;

export interface Listing {
  items: Item[];
  order: Order;
  /** Of the next page; null after the last one, undefined before the first. */
  cursor: string | null | undefined;
  loading: boolean;
  error: unknown;
}

const PAGE = 25;
const LARGEST = 100;

export class ItemList {
  readonly store: Store<Listing>;
  #generation = 0;
  #gone = new Set<string>();
  /** What this page wrote: the list reads an index that may lag a write by moments. */
  #written = new Map<string, Item>();

  constructor(
    private readonly api: Pick<Api, 'list'>,
    order: Order = 'desc',
  ) {
    this.store = new Store<Listing>({ items: [], order, cursor: undefined, loading: false, error: null });
  }

  /** Reads the first page anew. */
  load(order: Order = this.store.state.order): Promise<void> {
    this.#generation += 1;
    this.store.state = { items: [], order, cursor: undefined, loading: false, error: null };
    return this.more();
  }

  /** Reads the next page, if there is one and none is on its way. */
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

  /** Reads all that is left. */
  async all(): Promise<void> {
    const generation = this.#generation;
    while (generation === this.#generation && this.store.state.cursor && !this.store.state.error) {
      await this.more(LARGEST);
    }
  }

  /** Puts an item, as the API answered it, into its place. */
  put(item: Item): void {
    this.#gone.delete(item.id);
    this.#written.set(item.id, item);
    const { items, cursor } = this.store.state;
    this.#change({ items: this.#joined(items, [], cursor === null) });
  }

  remove(id: string): void {
    this.#gone.add(id);
    this.#written.delete(id);
    this.#change({ items: this.store.state.items.filter((item) => item.id !== id) });
  }

  find(id: string): Item | undefined {
    return this.store.state.items.find((item) => item.id === id) ?? this.#written.get(id);
  }

  #change(part: Partial<Listing>): void {
    this.store.state = { ...this.store.state, ...part };
  }

  /** One list of each item's newest version, in order; what was written but lies beyond the loaded pages is left out. */
  #joined(loaded: Item[], page: Item[], whole: boolean): Item[] {
    const known = new Map<string, Item>();
    for (const item of [...loaded, ...page, ...this.#written.values()]) {
      const other = known.get(item.id);
      if (!this.#gone.has(item.id) && (!other || other.version <= item.version)) known.set(item.id, item);
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
