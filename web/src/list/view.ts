/** Which entries a view shows, and in which order. Each step is linear, and texts are prepared once per entry. Knows no loading and no markup. */
import type { Resource } from '../api/client';
import { content } from '../contract/service';
import { own } from '../json/value';
import { type Filter, passes } from './filter';
import { sorted } from './sort';
import { folded, textsOf } from './text';

export type { Filter } from './filter';

/** By a field, given as the steps of a JSON Pointer without the first slash: `quantity`, `attributes/colour`; or by what the service sets. */
export interface Sort {
  property: string;
  descending: boolean;
}

export interface View {
  search: string;
  sort: Sort;
  filters: Filter[];
}

const CREATED = 'created_at';
/** Several parts of a page ask for the same. */
let last: { entries: Resource[]; view: View; rows: Resource[] } | null = null;
const texts = new WeakMap<Resource, string>();

/** Return the entries that the view shows, in its order. `entries` are in the order of their creation that the view wants, if it wants one. */
export function shown(entries: Resource[], view: View): Resource[] {
  if (last?.entries !== entries || last.view !== view) last = { entries, view, rows: rowsOf(entries, view) };
  return last.rows;
}

function rowsOf(entries: Resource[], { search, sort, filters }: View): Resource[] {
  const ordered = sort.property === CREATED ? entries : sorted(entries, sort);
  const words = folded(search).split(/\s+/).filter(Boolean);
  if (!words.length && !filters.length) return ordered;
  return ordered.filter(
    (entry) => matches(entry, words, search) && filters.every((filter) => passes(entry, filter)),
  );
}

/** Whether the view can only be true once all entries are loaded. */
export function needsAll({ search, sort, filters }: View): boolean {
  return search.trim() !== '' || filters.length > 0 || sort.property !== CREATED;
}

/** Whether every word occurs in a value, as stored or as shown, or the search is the ID. */
function matches(entry: Resource, words: string[], search: string): boolean {
  return words.every((word) => textOf(entry).includes(word)) || entry.id === search.trim().toLowerCase();
}

function textOf(entry: Resource): string {
  const known = texts.get(entry);
  if (known !== undefined) return known;
  const names = Object.keys(content.properties ?? {});
  const all = names.flatMap((name) => textsOf(own(entry, name), own(content.properties, name)));
  const text = folded(all.join('\n'));
  texts.set(entry, text);
  return text;
}

/** Prepare entries for a search until time is up. Return whether all are. */
export function prepare(entries: Resource[], isOver: () => boolean): boolean {
  for (const entry of entries) {
    if (texts.has(entry)) continue;
    if (isOver()) return false;
    textOf(entry);
  }
  return true;
}
