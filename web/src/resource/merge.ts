/** Compares and merges versions of a resource's content, at any depth. Pure; knows neither API nor markup. */
import { isObject, type Json, own, pointerTo, present, same, stepsOf } from '../json/value';
import { type Joined, joined } from './join';

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
/** What is kept of a difference: one side's value or, of a list, the changes of both. */
export type Choice = Side | 'joined';

/** A value that differs between two versions. A side without the property has undefined. */
export interface Difference {
  pointer: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** Who changed it since `base`. */
  changed: Side | 'both';
  /** Of a list that both changed: the changes of both. */
  joined: Joined | null;
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
    const lists = changed === 'both' && Array.isArray(my) && Array.isArray(their);
    const both = lists ? joined(Array.isArray(was) ? was : [], my, their) : null;
    return [{ pointer: here, base: was, mine: my, theirs: their, changed, joined: both }];
  });
}

/** Return what to keep of a difference without asking: the side that changed it, or the changes of both if they do not meet. */
export function obvious({ changed, mine, theirs, joined }: Difference): Choice | undefined {
  if (changed !== 'both') return changed;
  if (!joined?.clean) return undefined;
  if (same(joined.value, mine)) return 'mine';
  return same(joined.value, theirs) ? 'theirs' : 'joined';
}

/** Return `theirs` with the values chosen otherwise. */
export function merged(
  changes: Difference[],
  theirs: Json,
  choice: (pointer: string) => Choice | undefined,
): Json {
  return changes.reduce((result, change) => {
    const chosen = choice(change.pointer) ?? 'theirs';
    if (chosen === 'theirs') return result;
    return put(result, stepsOf(change.pointer), chosen === 'joined' ? change.joined?.value : change.mine);
  }, theirs);
}

function put(object: Json, [name = '', ...rest]: string[], value: unknown): Json {
  const inner = own(object, name);
  return present({ ...object, [name]: rest.length ? put(isObject(inner) ? inner : {}, rest, value) : value });
}

function namesOf(one: Json, other: Json): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}
