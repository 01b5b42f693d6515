/** The values that entries have at a property, for suggestions. Knows no markup. */
import type { Resource } from '../api/client';
import { at, isObject, write } from '../json/value';
import { isEmpty } from './filter';

const MOST = 100;

/** Return different values as filters store them, at most 100: of a list its entries, of a map its names. */
export function valuesOf(entries: Resource[], path: string): string[] {
  const found = new Set<string>();
  for (const entry of entries) {
    const value = at(entry, `/${path}`);
    if (isEmpty(value)) continue;
    const all = Array.isArray(value) ? value : isObject(value) ? Object.keys(value) : [value];
    for (const one of all) found.add(typeof one === 'string' ? one : write(one));
    if (found.size >= MOST) break;
  }
  return [...found].slice(0, MOST).sort((one, other) => one.localeCompare(other));
}
