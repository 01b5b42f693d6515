/** One open resource, or a new one: what is stored, what is typed, and saving it. Knows no markup and no address. */
import type { Api, Resource } from '../api/client';
import { Refused, SessionEnded, Stopped } from '../api/problem';
import type { Fault } from '../contract/validate';
import { judged, remaining } from '../form/faulty';
import { type Raws, rawOf } from '../form/raw';
import { type Json, own, same, stepsOf, write } from '../json/value';
import type { ResourceList } from '../list/list';
import { Store } from '../store';
import { contentOf, fields, names, schema } from '../list/content';
import { changedFields, type Draft, draftOf, type Drafts, isChanged } from './drafts';
import { Conflict, change, create, DeletedSince, Incomplete } from './save';

export interface Editing {
  /** As it is stored; null until it is known, and for a new one. */
  resource: Resource | null;
  draft: Draft;
  /** The names of the fields that are shown as controls. */
  edited: string[];
  /** The name of the field whose control takes the focus next; empty for the first, null for none. */
  focus: string | null;
  faults: Fault[];
  /** How many times faults were found: the focus goes to the first each time. */
  attempt: number;
  /** Why it could not be read or saved; null otherwise. */
  error: unknown;
  /** What the user has to decide before it can be saved. */
  conflict: Conflict | null;
  /** The resource does not exist any more. */
  missing: boolean;
  saving: boolean;
  /** Whether the draft is from an earlier time. */
  restored: boolean;
  /** Whether this browser has no room for the draft. */
  full: boolean;
}

export interface Saved {
  resource: Resource;
  /** The content before; null if it was created. */
  before: Json | null;
}

type Calls = Pick<Api, 'get' | 'create' | 'patch' | 'replace'>;
type Entries = Pick<ResourceList, 'find' | 'put' | 'seen' | 'remove'>;

let last = 0;

export class Editor {
  /** Of this page's editors, for a component's key. */
  readonly number = ++last;
  readonly store: Store<Editing>;

  /** Open a draft, or the resource of an ID; with neither, a new one. */
  constructor(
    private readonly api: Calls,
    private readonly list: Entries,
    private readonly drafts: Drafts,
    id: string | null,
    kept: Draft | null = id === null ? null : drafts.latest(id),
  ) {
    const resource = (id !== null && list.find(id)) || null;
    const empty: Draft = { ...draftOf(null), of: id };
    const draft = kept ?? (resource ? draftOf(resource) : empty);
    this.store = new Store<Editing>({
      ...{ resource, draft, edited: id === null ? names : kept ? changedFields(kept) : [] },
      focus: id === null ? '' : null,
      ...{ faults: [], attempt: 0, error: null, conflict: null, missing: false },
      ...{ saving: false, restored: kept !== null && isChanged(kept), full: false },
    });
  }

  /** The ID of the resource; null for a new one. */
  get id(): string | null {
    return this.store.state.draft.of;
  }

  get changed(): boolean {
    return isChanged(this.store.state.draft);
  }

  /** Read the resource, if it is not a new one. What is typed meanwhile is kept. */
  async read(): Promise<void> {
    const { id } = this;
    if (id === null) return;
    this.#set({ error: null });
    try {
      const newest = await this.api.get(id, this.store.state.resource?.version);
      if (!newest) return;
      this.list.seen(newest);
      this.show(newest);
    } catch (error) {
      if (error instanceof Refused && error.status === 404) this.#deleted();
      // Otherwise it is shown as the list has it, and a save checks its version.
      else if (!this.store.state.resource && !(error instanceof SessionEnded))
        this.#set({ error: cause(error) });
    }
  }

  /** Show a version of the resource, unless a newer one is shown. */
  show(newest: Resource): void {
    const { resource, draft } = this.store.state;
    if (resource && newest.version <= resource.version) return;
    this.#set({ resource: newest, missing: false });
    if (!this.changed) this.#set({ draft: draftOf(newest) });
    // If what was typed is based on other content, saving it reports a conflict.
    else if (same(contentOf(newest), draft.base)) this.#set({ draft: { ...draft, version: newest.version } });
  }

  /** Show controls for fields: for all, unless some are named. */
  edit(some: string[] = names, focus: string | null = some === names ? '' : (some[0] ?? null)): void {
    const { edited } = this.store.state;
    this.#set({ edited: names.filter((name) => edited.includes(name) || some.includes(name)), focus });
  }

  /** The focus is where it was wanted. */
  focused(): void {
    this.#set({ focus: null });
  }

  /** Show values instead of controls again, if nothing was typed. */
  view(): void {
    if (!this.changed) this.#set({ edited: [], faults: [], error: null });
  }

  type(raw: Raws): void {
    const { draft, faults } = this.store.state;
    const left = remaining(faults, draft.raw, raw, () => this.#judge(raw).faults);
    this.#set({ draft: { ...draft, raw }, faults: left });
    this.keep();
  }

  /** Store what is typed, so that it survives this page. */
  keep(): void {
    const { draft } = this.store.state;
    if (!this.changed && !draft.sent.length) {
      this.drafts.drop(draft);
      this.#set({ full: false });
      return;
    }
    const kept = this.drafts.keep(draft);
    this.#set(kept ? { draft: kept, full: false } : { full: true });
  }

  /** Drop what is typed, and show the resource as it is stored. */
  discard(): void {
    const { resource, draft } = this.store.state;
    this.drafts.drop(draft);
    const fresh = resource ? draftOf(resource) : { ...draftOf(null), of: this.id };
    this.#set({ draft: fresh, faults: [], error: null, restored: false, full: false });
    if (this.id !== null) this.#set({ edited: [] });
  }

  /** Save what is typed, if it is valid and nothing is half typed. Return what was saved; null if nothing was. */
  async save(half: Fault[] = []): Promise<Saved | null> {
    const { draft, saving } = this.store.state;
    if (saving) return null;
    const { value, faults } = this.#judge(draft.raw);
    const all = [...half, ...faults];
    if (!all.length) return this.#send(value);
    this.#fault(all);
    return null;
  }

  /** Save what the user chose from two versions. */
  async resolve(content: Json): Promise<Saved | null> {
    const { conflict, draft } = this.store.state;
    if (!conflict) return null;
    const base = contentOf(conflict.theirs);
    const [raw, start] = [rawOf(fields, content), rawOf(fields, base)];
    const next = { ...draft, base, raw, start, version: conflict.theirs.version };
    this.#set({ conflict: null, resource: conflict.theirs, draft: next });
    this.keep();
    return this.#send(content);
  }

  /** Return to the form without a decision. */
  postpone(): void {
    this.#set({ conflict: null });
  }

  /** Whether a save creates a resource. */
  get creates(): boolean {
    return this.id === null || this.store.state.missing;
  }

  #judge(raw: Raws): ReturnType<typeof judged> {
    return judged(fields, schema, raw, this.store.state.draft.base, this.creates);
  }

  async #send(content: Json): Promise<Saved | null> {
    const { draft } = this.store.state;
    this.#set({ saving: true, error: null, faults: [] });
    try {
      return await this.#sent(content, draft);
    } catch (error) {
      this.#failed(error);
      return null;
    } finally {
      this.#set({ saving: false });
    }
  }

  async #sent(content: Json, draft: Draft): Promise<Saved | null> {
    const { version, base } = draft;
    if (this.creates) {
      const sent = [...new Set([write(content), ...draft.sent])];
      this.#set({ draft: { ...draft, sent } });
      this.keep();
      return this.#stored(await create(this.api, content, draft.key, draft.sent), draft.raw, null);
    }
    if (version === null || same(content, base)) {
      this.discard();
      return null;
    }
    return this.#stored(await change(this.api, draft.of ?? '', base, content, version), draft.raw, base);
  }

  /** Continue with what was typed since it was sent, on the version that was saved. */
  #stored(resource: Resource, sent: Raws, before: Json | null): Saved {
    const { draft } = this.store.state;
    this.list.put(resource);
    this.drafts.drop(draft);
    const fresh = draftOf(resource);
    const typed = Object.entries(draft.raw).filter(([name, raw]) => !same(raw, own(sent, name)));
    const next = { ...fresh, raw: { ...fresh.raw, ...Object.fromEntries(typed) } };
    const edited = isChanged(next) ? this.store.state.edited : [];
    this.#set({ resource, draft: next, edited, missing: false, restored: false });
    this.keep();
    return { resource, before };
  }

  #failed(error: unknown): void {
    if (error instanceof SessionEnded) return;
    if (error instanceof Conflict) {
      this.list.seen(error.theirs);
      this.#set({ conflict: error });
    } else if (this.id !== null && error instanceof Refused && error.status === 404) {
      this.#deleted();
    } else if (error instanceof Refused && error.problem.errors?.length) {
      this.#fault(error.problem.errors.map(({ pointer = '', detail }) => ({ pointer, detail })));
    } else {
      if (error instanceof DeletedSince) this.#renew();
      if (error instanceof Incomplete) this.#fault(error.faults);
      this.#set({ error: cause(error) });
    }
  }

  /** Let the next save create another resource. */
  #renew(): void {
    this.#set({ draft: { ...this.store.state.draft, key: crypto.randomUUID(), sent: [] } });
    this.keep();
  }

  #deleted(): void {
    const { resource } = this.store.state;
    if (resource) this.list.remove(resource);
    this.#set({ missing: true });
  }

  /** Show faults at their fields. */
  #fault(faults: Fault[]): void {
    this.#set({ faults, attempt: this.store.state.attempt + 1 });
    this.edit(
      faults.map(({ pointer }) => top(pointer)),
      null,
    );
  }

  #set(part: Partial<Editing>): void {
    this.store.state = { ...this.store.state, ...part };
  }
}

function cause(error: unknown): unknown {
  return error instanceof Stopped ? error.reason : error;
}

/** Return the top-level field that a pointer is in. */
export function top(pointer: string): string {
  return stepsOf(pointer)[0] ?? '';
}
