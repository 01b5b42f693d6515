/** Compares and merges versions of an item's content. Pure; knows neither API nor markup. */
import { isObject, type Json, same } from '../contract/schema';

/** Return the JSON Merge Patch (RFC 7396) that turns `from` into `to`. */
export function patchOf(from: Json, to: Json): Json {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  const own = (value: Json, name: string) => (Object.hasOwn(value, name) ? value[name] : undefined); // not `constructor`
  const changed = names.filter((name) => !same(own(from, name), own(to, name)));
  return Object.fromEntries(
    changed.map((name) => {
      const [before, after] = [own(from, name), own(to, name)];
      if (after === undefined) return [name, null];
      return [name, isObject(before) && isObject(after) ? patchOf(before, after) : after];
    }),
  );
}

export type Side = 'mine' | 'theirs';

export interface Difference {
  name: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** Who changed it since `base`. If both did, the user has to choose. */
  changed: Side | 'both';
}

/** Return the fields in which `mine` and `theirs` differ, in the order of `names`. */
export function differences(names: string[], base: Json, mine: Json, theirs: Json): Difference[] {
  return names
    .filter((name) => !same(mine[name], theirs[name]))
    .map((name) => ({
      name,
      base: base[name],
      mine: mine[name],
      theirs: theirs[name],
      changed: same(theirs[name], base[name]) ? 'mine' : same(mine[name], base[name]) ? 'theirs' : 'both',
    }));
}

/** Return `theirs` with the fields chosen from `mine`. */
export function merged(
  changes: Difference[],
  theirs: Json,
  choice: (name: string) => Side | undefined,
): Json {
  const result: Json = { ...theirs };
  for (const { name, mine } of changes) if (choice(name) === 'mine') result[name] = mine;
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
}
