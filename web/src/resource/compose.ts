/** What the form of a new resource begins with: nothing, a copy of another, or a draft. A reload of the tab finds it again. */
import { collection } from '../contract/service';
import { isObject, type Json, parse, write } from '../json/value';
import { Store } from '../store';
import { go } from '../ui/router';
import { type Draft, draftOf, type Drafts } from './drafts';

const KEY = 'composing';

/** How many times `compose` was called: the address is the same each time. */
export const composed = new Store(0);
let next: Draft | null = null;

/** Open the form of a new resource with a draft. */
export function compose(draft: Draft): void {
  next = draft;
  composed.state += 1;
  go(`${collection}/new`);
}

/** Open a draft, of a new resource or of one that exists. */
export function resume(draft: Draft): void {
  if (draft.of === null) compose(draft);
  else go(`${collection}/${draft.of}`);
}

/** Return the draft to begin with, once: the one to open next, or the one that this tab showed before it was loaded again. */
export function taken(drafts: Drafts): Draft | null {
  const draft = next;
  next = null;
  if (draft) return drafts.read(draft) ?? draft;
  const text = sessionStorage.getItem(KEY);
  const before = text === null ? null : parse(text);
  if (!isObject(before)) return null;
  const id = String(before['id']);
  return drafts.read({ id, of: null }) ?? { ...draftOf(null, before['base'] as Json), id };
}

/** Remember what this tab shows until `finish`. */
export function remember({ id, base }: Draft): void {
  sessionStorage.setItem(KEY, write({ id, base }));
}

export function finish(): void {
  sessionStorage.removeItem(KEY);
}
