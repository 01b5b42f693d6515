/** Compares and merges versions of a resource's content, at any depth. Pure; knows neither API nor markup. */
import { isObject, type Json, own, pointerTo, present, same, stepsOf } from '../json/value';

/** Return the JSON Merge Patch (RFC 7396) that turns `from` into `to`, as far as one can: it cannot set a property to null. */
export function patchOf(from: Json, to: Json): Json {
  const changed = namesOf(from, to).filter((name) => !same(own(from, name), own(to, name)));
  return Object.fromEntries(
    changed.map((name) => {
      const [before, after] = [own(from, name), own(to, name)];
      if (after === undefined) return [name, null];
      return [name, isObject(before) && isObject(after) ? patchOf(before, after) : after];
    }),
  );
}

/** Return what a JSON Merge Patch makes of a value: https://www.rfc-editor.org/rfc/rfc7396#section-2 */
export function patched(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const before = isObject(target) ? target : {};
  const set = Object.entries(patch).map(
    ([name, value]) => [name, value === null ? undefined : patched(own(before, name), value)] as const,
  );
  return present({ ...before, ...Object.fromEntries(set) });
}

export type Side = 'mine' | 'theirs';

/** A value that differs between two versions. A side without the property has undefined. */
export interface Difference {
  pointer: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** Who changed it since `base`. If both did, the user has to choose. */
  changed: Side | 'both';
}

/** Return where `mine` and `theirs` differ. Properties of an object that both have are compared one by one. */
export function differences(base: unknown, mine: Json, theirs: Json, pointer = ''): Difference[] {
  const before = isObject(base) ? base : {};
  return namesOf(theirs, mine).flatMap((name) => {
    const here = pointerTo(pointer, name);
    const [was, my, their] = [own(before, name), own(mine, name), own(theirs, name)];
    if (same(my, their)) return [];
    if (isObject(my) && isObject(their)) return differences(was, my, their, here);
    const changed = same(their, was) ? 'mine' : same(my, was) ? 'theirs' : 'both';
    return [{ pointer: here, base: was, mine: my, theirs: their, changed }];
  });
}

/** Return `theirs` with the values chosen from `mine`. */
export function merged(
  changes: Difference[],
  theirs: Json,
  choice: (pointer: string) => Side | undefined,
): Json {
  return changes
    .filter(({ pointer }) => choice(pointer) === 'mine')
    .reduce((result, { pointer, mine }) => put(result, stepsOf(pointer), mine), theirs);
}

function put(object: Json, [name = '', ...rest]: string[], value: unknown): Json {
  const inner = own(object, name);
  return present({ ...object, [name]: rest.length ? put(isObject(inner) ? inner : {}, rest, value) : value });
}

function namesOf(one: Json, other: Json): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}
