/** The resources loaded so far, page by page, and loading them; those in the trash too. Knows no markup, no search and no other sort. */
import type { Api, ListQuery, Page, Resource } from '../api/client';
import { Refused } from '../api/problem';
import { service } from '../contract/service';
import { Store } from '../store';
import { type News, type Order, Shelf } from './shelf';

export type { News, Order } from './shelf';

export interface Listing {
  /** In the order of the API. */
  entries: Resource[];
  order: Order;
  /** Cursor of the next page; null after the last page, undefined before the first. */
  cursor: string | null | undefined;
  /** Whether a page is under way that adds rows. */
  loading: boolean;
  /** Whether the list is read again; the rows stay meanwhile. */
  reloading: boolean;
  /** Whether the rest is loaded in the background. */
  filling: boolean;
  error: unknown;
  /** What the last reload showed that somebody else changed. */
  news: News | null;
  /** What this tab wrote last, which a search may hide. */
  latest: Resource | null;
}

/** What this tab wrote or learnt, for the other tabs. */
export interface Change {
  put: Resource[];
  removed: Pick<Resource, 'id' | 'version'>[];
}

/** What exists, and what is in the trash. */
export interface Lists {
  present: ResourceList;
  trash: ResourceList;
}

const LARGEST = Math.min(100, service.limit);
const PAGE = Math.min(25, LARGEST);
const FEW = 3 * LARGEST;
const AT_ONCE = 4;
const IDLE = { loading: false, reloading: false };

/** Whether the work is still wanted. */
type Current = () => boolean;
type Work = (current: Current) => Promise<Partial<Listing>>;

export class ResourceList {
  readonly store: Store<Listing>;
  /** Called with each change that other tabs do not know. */
  announce: (change: Change) => void = () => undefined;
  #shelf: Shelf;
  #owner: string | null = null;
  #run = 0; // a later one drops what is under way
  #round = 0; // of requests
  #under: Promise<void> | null = null;
  #filling: Promise<boolean> | null = null;
  #stopped = false;
  #cursor: string | null | undefined; // the listing shows it later while the rest is loaded

  constructor(
    private readonly api: Pick<Api, 'list' | 'get'>,
    private readonly first: Order = 'desc',
    private readonly deleted = false,
  ) {
    this.#shelf = new Shelf(first);
    this.store = new Store<Listing>(empty(first));
  }

  /** Forget everything that belongs to another user. */
  belongTo(owner: string): void {
    if (this.#owner !== null && this.#owner !== owner) {
      this.#run += 1;
      this.#under = null;
      this.#stopped = true;
      this.#cursor = undefined;
      this.#shelf = new Shelf(this.first);
      this.store.state = empty(this.first);
    }
    this.#owner = owner;
  }

  /** Load the first page, or read what is loaded again; or begin in another order. The rows stay until there are others. */
  load(order: Order = this.#shelf.order): Promise<void> {
    if (this.#cursor === undefined) {
      this.#shelf.restart(order);
      this.store.state = { ...empty(order), filling: this.store.state.filling };
      return this.#during('loading', (current) => this.#next(PAGE, current));
    }
    if (order === this.#shelf.order) return this.refresh();
    if (this.#cursor !== null) return this.#during('reloading', (current) => this.#turned(order, current));
    this.#shelf.reverse();
    this.#change({ entries: this.#shelf.entries(), order });
    return Promise.resolve();
  }

  /** Read all that is loaded again. */
  reload(): Promise<void> {
    if (this.#cursor === undefined) return this.load();
    const wanted = this.#cursor === null ? Number.POSITIVE_INFINITY : this.#shelf.size;
    return this.#during('reloading', (current) => this.#again(wanted, current));
  }

  /** See what changed elsewhere: read all again if that is a few pages, else the first page. */
  refresh(): Promise<void> {
    if (this.#under) return this.#under;
    // What is deleted or restored can be anywhere in the trash, which is in the order of creation.
    if (this.#cursor === undefined || this.deleted || this.#shelf.size <= FEW) return this.reload();
    return this.#during('reloading', (current) => this.#again(LARGEST, current));
  }

  /** Load the next page with something in it, if there is one and nothing is under way. */
  more(atLeast = PAGE): Promise<void> {
    if (this.#under || this.#cursor === null) return this.#under ?? Promise.resolve();
    return this.#during('loading', (current) => this.#next(Math.min(LARGEST, atLeast), current));
  }

  /** Load all that remains. Return whether everything is loaded. */
  async all(): Promise<boolean> {
    this.#stopped = false;
    if (this.#cursor === null) return true;
    this.#change({ filling: true });
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = null;
      this.#change({ filling: false });
    });
    const done = await this.#filling;
    return done || this.#isStopped() || this.store.state.error !== null ? done : this.all();
  }

  /** Do not load the rest, after the page that is under way. */
  stop(): void {
    this.#stopped = true;
    if (this.store.state.filling) this.#change({ filling: false });
  }

  /** Put a resource that a write returned into its place. */
  put(entry: Resource): void {
    if (!this.#hold(entry)) return;
    this.#publish({ latest: entry });
    this.announce({ put: [entry], removed: [] });
  }

  /** Put a resource that a read returned into its place. A late response does not bring back what was deleted. */
  seen(entry: Resource): void {
    if (this.#shelf.wasRemoved(entry.id) || !this.#hold(entry)) return;
    this.#publish();
    this.announce({ put: [entry], removed: [] });
  }

  /** Remove a resource; the API's list may still contain this version of it for moments. */
  remove(entry: Pick<Resource, 'id' | 'version'>): void {
    const version = Math.max(entry.version, this.find(entry.id)?.version ?? 0);
    this.#shelf.remove(entry.id, version);
    this.#publish();
    this.announce({ put: [], removed: [{ id: entry.id, version }] });
  }

  /** Take over what another tab wrote or learnt. */
  take({ put, removed }: Change): void {
    for (const entry of put) this.#hold(entry);
    for (const { id, version } of removed) {
      if ((this.find(id)?.version ?? 0) <= version) this.#shelf.remove(id, version);
    }
    this.#publish();
  }

  /** The news has been read. */
  read(): void {
    this.#change({ news: null });
  }

  find(id: string): Resource | undefined {
    return this.#shelf.find(id);
  }

  /** Hold a version that is news. Return whether it is. */
  #hold(entry: Resource): boolean {
    const known = this.find(entry.id);
    if (this.#shelf.isRemoved(entry) || (known && known.version >= entry.version)) return false;
    const loaded = this.#cursor === undefined ? 'nothing' : this.#cursor === null ? 'all' : 'part';
    this.#shelf.hold(entry, this.#round, loaded);
    return true;
  }

  /** Show the entries; before the first page, those written here would only push down the placeholders. */
  #publish(part: Partial<Listing> = {}): void {
    const cursor = this.#cursor;
    this.#change(cursor === undefined ? part : { ...part, entries: this.#shelf.entries() });
    if (cursor && !this.#shelf.size) void this.more();
  }

  /** Do work that later work may replace; then its result is dropped. Show what it returns. */
  #during(flag: 'loading' | 'reloading' | null, work: Work): Promise<void> {
    const run = ++this.#run;
    const current = () => run === this.#run;
    this.#change({ ...IDLE, error: null, ...(flag && { [flag]: true }) });
    this.#under = work(current)
      .catch((error: unknown) => ({ error }))
      .then((part) => {
        if (!current()) return;
        this.#under = null;
        this.#change({ ...part, ...IDLE });
      });
    return this.#under;
  }

  /** Load pages until one has something in it. */
  async #next(limit: number, current: Current): Promise<Partial<Listing>> {
    const before = this.#shelf.size;
    do {
      const page = await this.#page(limit, this.#shelf.order, this.#cursor, current);
      if (!current()) return {};
      this.#shelf.append(page.entries, page.next_cursor === null);
      this.#cursor = page.next_cursor;
    } while (this.#cursor !== null && this.#shelf.size === before);
    return this.#loaded();
  }

  /** Begin in the other order, and show it when there is something to show. */
  async #turned(order: Order, current: Current): Promise<Partial<Listing>> {
    const page = await this.#page(PAGE, order, undefined, current);
    if (!current()) return {};
    this.#shelf.restart(order);
    this.#shelf.append(page.entries, page.next_cursor === null);
    this.#cursor = page.next_cursor;
    return this.#loaded();
  }

  async #again(wanted: number, current: Current): Promise<Partial<Listing>> {
    const round = this.#round + 1;
    const fresh: Resource[] = [];
    let cursor: string | null | undefined;
    do {
      const limit = Math.min(LARGEST, Math.max(PAGE, wanted - fresh.length));
      const page = await this.#request(limit, this.#shelf.order, cursor);
      if (!current()) return {};
      fresh.push(...page.entries);
      cursor = page.next_cursor;
    } while (cursor !== null && fresh.length < wanted);
    const gone = await this.#verify(fresh, cursor === null, round);
    if (!current()) return {};
    const { news, rest } = this.#shelf.renew(fresh, cursor === null, this.#cursor === null);
    if (!rest) this.#cursor = cursor;
    return { ...this.#loaded(), news: this.#told({ ...news, gone: [...gone, ...news.gone] }) };
  }

  async #fill(): Promise<boolean> {
    while (this.#cursor !== null && !this.#stopped) {
      if (this.#under) await this.#under;
      else if (this.#cursor === undefined) await this.load();
      else await this.#during(null, (current) => this.#rest(current));
      if (this.store.state.error !== null) return false;
    }
    return this.#cursor === null;
  }

  /** Load what remains. It is shown in steps that grow with what is there, so that all steps together are linear work. */
  async #rest(current: Current): Promise<Partial<Listing>> {
    let shown = this.#shelf.size;
    do {
      const page = await this.#page(LARGEST, this.#shelf.order, this.#cursor, current);
      if (!current()) return {};
      this.#shelf.append(page.entries, page.next_cursor === null);
      this.#cursor = page.next_cursor;
      if (this.#shelf.size - shown < Math.max(LARGEST, shown / 8)) continue;
      shown = this.#shelf.size;
      this.#change(this.#loaded());
    } while (this.#cursor !== null && !this.#stopped);
    return this.#loaded();
  }

  /** Read one page, and look up what was held before and belongs to it but is not in it. */
  async #page(
    limit: number,
    order: Order,
    cursor: string | null | undefined,
    current: Current,
  ): Promise<Page> {
    const round = this.#round + 1;
    const page = await this.#request(limit, order, cursor);
    if (current()) await this.#verify(page.entries, page.next_cursor === null, round);
    return page;
  }

  #request(limit: number, order: Order, cursor: string | null | undefined): Promise<Page> {
    this.#round += 1;
    const query: ListQuery = { limit, order, ...(cursor ? { cursor } : {}) };
    return this.api.list(this.deleted ? { ...query, deleted: true } : query);
  }

  /** Find out whether what the pages lack was deleted, or is not in the index yet. Return what was deleted. */
  async #verify(pages: Resource[], whole: boolean, round: number): Promise<Resource[]> {
    const missing = this.#shelf.missing(pages, whole, round);
    const gone: Resource[] = [];
    while (missing.length) {
      const some = missing.splice(0, AT_ONCE);
      const present = await Promise.all(some.map((entry) => this.#isPresent(entry)));
      gone.push(...some.filter((_, index) => !present[index]));
    }
    if (gone.length) this.announce({ put: [], removed: gone.map(({ id, version }) => ({ id, version })) });
    return gone;
  }

  async #isPresent(entry: Resource): Promise<boolean> {
    if (this.deleted) {
      this.#shelf.release(entry.id);
      return true;
    }
    try {
      const newer = await this.api.get(entry.id, entry.version);
      if (newer) this.#hold(newer);
      return true;
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error;
      this.#shelf.remove(entry.id, entry.version);
      return false;
    }
  }

  /** Tell the other tabs. Return the news if there is any. */
  #told(news: News): News | null {
    const { added, changed, gone } = news;
    const put = [...added, ...changed];
    if (!put.length && !gone.length) return null;
    this.announce({ put, removed: gone.map(({ id, version }) => ({ id, version })) });
    return news;
  }

  #loaded(): Partial<Listing> {
    return { entries: this.#shelf.entries(), order: this.#shelf.order, cursor: this.#cursor };
  }

  /** A function, because it changes while something is awaited. */
  #isStopped(): boolean {
    return this.#stopped;
  }

  #change(part: Partial<Listing>): void {
    this.store.state = { ...this.store.state, ...part };
  }
}

function empty(order: Order): Listing {
  const nothing = { entries: [], order, cursor: undefined, error: null, news: null, latest: null };
  return { ...nothing, ...IDLE, filling: false };
}
