/** Which entries are selected, by ID. Knows no markup and not what is shown: `chosen` says what a selection means there. */
import { Store } from '../store';

type Ids = ReadonlySet<string>;

export class Selection {
  readonly store = new Store<Ids>(new Set());
  /** Where a range begins: the entry that was selected or deselected last. */
  #anchor: string | null = null;

  has(id: string): boolean {
    return this.store.state.has(id);
  }

  /** Select the entry, or deselect it. */
  toggle(id: string): void {
    this.#set([id], !this.has(id));
    this.#anchor = id;
  }

  /** Give all entries from the last one toggled to this one the state of the last one; `order` is the order on the screen. */
  extend(id: string, order: readonly string[]): void {
    const anchor = this.#anchor;
    const [from, to] = [anchor === null ? -1 : order.indexOf(anchor), order.indexOf(id)];
    if (anchor === null || from < 0 || to < 0) {
      this.toggle(id);
      return;
    }
    this.#set(order.slice(Math.min(from, to), Math.max(from, to) + 1), this.has(anchor));
  }

  /** Select these too. */
  add(ids: Iterable<string>): void {
    this.#set(ids, true);
  }

  /** Deselect these. */
  drop(ids: Iterable<string>): void {
    this.#set(ids, false);
  }

  clear(): void {
    this.#anchor = null;
    if (this.store.state.size) this.store.state = new Set();
  }

  #set(ids: Iterable<string>, on: boolean): void {
    const next = new Set(this.store.state);
    for (const id of ids) next[on ? 'add' : 'delete'](id);
    this.store.state = next;
  }
}

/** Return the selected ones of the entries that are shown, in their order: nothing acts on what nobody sees. */
export function chosen<Entry extends { id: string }>(ids: Ids, shown: readonly Entry[]): Entry[] {
  return ids.size ? shown.filter(({ id }) => ids.has(id)) : [];
}
