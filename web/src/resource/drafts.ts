/** Unsaved changes, kept in this browser for each user: they survive a reload, a new sign-in and closing the tab. Knows no markup. */
import type { Resource } from '../api/client';
import { fitted, rawOf, type Raws } from '../form/raw';
import { isObject, type Json, own, parse, same, write } from '../json/value';
import { Store } from '../store';
import { contentOf, fields, nameOf } from '../list/content';
import { keptBy, nameOfDraft, prefixOf } from './kept';

export interface Draft {
  /** Of the draft, because there may be several of one resource, and of new ones. */
  id: string;
  /** The ID of the resource; null for a new one. */
  of: string | null;
  raw: Raws;
  /** What the controls held before anything was typed. */
  start: Raws;
  /** The content that the changes are based on, and its version; null for a new one. */
  base: Json;
  version: number | null;
  /** For a create: the idempotency key, and the bodies sent with it, which the API may have received. */
  key: string;
  sent: string[];
  /** When it was last kept, as `Date.now()` returns it. */
  at: number;
}

/** Return a draft without changes, of a resource; without one, of a new one with this content. */
export function draftOf(resource: Resource | null, content: Json = {}): Draft {
  const base = resource ? contentOf(resource) : content;
  const raw = rawOf(fields, base);
  const [id, key] = [crypto.randomUUID(), crypto.randomUUID()];
  const { id: of, version } = resource ?? { id: null, version: null };
  return { ...{ id, of, raw, start: raw, base, version, key }, sent: [], at: 0 };
}

export function isChanged({ raw, start }: Draft): boolean {
  return !same(raw, start);
}

/** Return the names of the fields in which something was typed. */
export function changedFields({ raw, start }: Draft): string[] {
  return fields.map(({ name }) => name).filter((name) => !same(own(raw, name), own(start, name)));
}

/** Return what to call a draft: by what is typed in it, else by what it is based on. */
export function draftName({ raw, base, of }: Draft): string {
  const texts = Object.fromEntries(
    Object.entries(raw).filter(([, one]) => typeof one === 'string' && one.trim()),
  );
  return nameOf({ ...base, ...texts, id: of ?? '' });
}

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/**
 * The drafts of one user: another user who signs in in the same browser does not see them.
 *
 * Other tabs of the user have the same drafts. A draft that another tab has changed or removed since it was read here is kept under an
 * ID of its own, so that two tabs never overwrite each other.
 */
export class Drafts {
  /** All of them, the latest first. */
  readonly store: Store<Draft[]>;
  /** The text of each as it was last read or written here. */
  #seen = new Map<string, string>();

  constructor(
    private readonly owner: string,
    private readonly storage: Storage = localStorage,
    private readonly now = Date.now,
  ) {
    this.store = new Store(this.#all());
  }

  /** Read again what other tabs have written. */
  refresh(): void {
    this.store.state = this.#all();
  }

  /** Return a draft as it is stored. */
  read({ id, of }: Pick<Draft, 'id' | 'of'>): Draft | null {
    const text = this.storage.getItem(this.#keyOf({ id, of }));
    const draft = text === null ? null : read(text);
    if (draft && text !== null) this.#seen.set(id, text);
    return draft;
  }

  /** Return the latest draft of a resource. */
  latest(of: string): Draft | null {
    const found = this.#all().find((draft) => draft.of === of);
    return found ? this.read(found) : null;
  }

  /** Store a draft. Return it as it is stored, which may be under a new ID; null if the browser has no room for it. */
  keep(draft: Draft): Draft | null {
    const mine = this.#isMine(draft) ? draft : apart(draft);
    const kept = { ...mine, at: this.now() };
    const text = write(kept);
    try {
      this.storage.setItem(this.#keyOf(kept), text);
    } catch (error) {
      if (error instanceof DOMException) return null; // QuotaExceededError
      throw error;
    }
    this.#seen.set(kept.id, text);
    this.store.state = [kept, ...this.store.state.filter(({ id }) => id !== kept.id)];
    return kept;
  }

  drop({ id, of }: Pick<Draft, 'id' | 'of'>): void {
    this.#seen.delete(id);
    this.storage.removeItem(this.#keyOf({ id, of }));
    this.store.state = this.store.state.filter((draft) => draft.id !== id);
  }

  dropAll(): void {
    for (const draft of this.#all()) this.drop(draft);
  }

  #keyOf({ id, of }: Pick<Draft, 'id' | 'of'>): string {
    return prefixOf(this.owner) + nameOfDraft(id, of);
  }

  #isMine(draft: Draft): boolean {
    return (this.storage.getItem(this.#keyOf(draft)) ?? undefined) === this.#seen.get(draft.id);
  }

  #all(): Draft[] {
    return keptBy(this.owner, this.storage)
      .flatMap((name) => read(this.storage.getItem(prefixOf(this.owner) + name) ?? '') ?? [])
      .sort((one, other) => other.at - one.at);
  }
}

/** Return a draft that two tabs have as one of this tab alone. A key that was sent stays: the API knows what it created. */
function apart(draft: Draft): Draft {
  const id = crypto.randomUUID();
  return draft.sent.length ? { ...draft, id } : { ...draft, id, key: crypto.randomUUID() };
}

/** Return the draft of a text; null if it is none, for example of another version of the app. */
function read(text: string): Draft | null {
  let stored: unknown;
  try {
    stored = parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (!isObject(stored) || !isObject(stored['raw']) || !isObject(stored['start'])) return null;
  const draft = stored as unknown as Draft;
  return { ...draft, raw: fitted(fields, draft.raw), start: fitted(fields, draft.start) };
}

const known = new Map<string, Drafts>();

/** Return the drafts of a user in this browser. */
export function draftsOf(owner: string): Drafts {
  const drafts = known.get(owner) ?? new Drafts(owner);
  if (!known.has(owner)) addEventListener('storage', () => drafts.refresh());
  known.set(owner, drafts);
  return drafts;
}
