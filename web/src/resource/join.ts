/** Joins what two sides changed in one list. Pure; knows no resource and no markup. */
import { decimalOf, isNumeric } from '../json/number';
import { isObject } from '../json/value';

export interface Joined {
  value: unknown[];
  /** Whether the changes do not meet, so that nobody has to choose. */
  clean: boolean;
}

/** Entries by a name that equal entries share; the second of two equal ones has another name than the first. */
type Named = Map<string, unknown>;

/** Return `base` with the entries that either side added, and without those that either side removed, in the order of a side that moved some. */
export function joined(base: unknown[], mine: unknown[], theirs: unknown[]): Joined {
  const [before, my, their] = [named(base), named(mine), named(theirs)];
  const [iMoved, theyMoved] = [moved(before, my), moved(before, their)];
  const [lead, other] = iMoved && !theyMoved ? [my, their] : [their, my];
  const kept = [...lead].filter(([name]) => other.has(name) || !before.has(name));
  return {
    value: inserted(kept, lead, other, before),
    clean: !(iMoved && theyMoved && moved(my, their)) && !meet(before, my, their),
  };
}

export interface Marked {
  entry: unknown;
  mark: 'kept' | 'added' | 'removed';
}

/** Return a list's entries, each with whether `base` has it too, and those that only `base` has, each after the one it followed. */
export function marked(base: unknown[], entries: unknown[]): Marked[] {
  const [before, after] = [named(base), named(entries)];
  const result = [...after].map(([name, entry]): [string, Marked] => [
    name,
    { entry, mark: before.has(name) ? 'kept' : 'added' },
  ]);
  let place = 0;
  for (const [name, entry] of before) {
    if (after.has(name)) place = result.findIndex(([other]) => other === name) + 1;
    else result.splice(place++, 0, [name, { entry, mark: 'removed' }]);
  }
  return result.map(([, one]) => one);
}

/** Put what `other` added before the next entry that both have, or last. */
function inserted(kept: [string, unknown][], lead: Named, other: Named, before: Named): unknown[] {
  const result = [...kept];
  const added = new Set([...other.keys()].filter((name) => !before.has(name) && !lead.has(name)));
  const names = [...other.keys()];
  for (const [index, name] of names.entries()) {
    if (!added.has(name)) continue;
    const next = names.slice(index + 1).find((later) => !added.has(later) && lead.has(later));
    const place = next === undefined ? -1 : result.findIndex(([one]) => one === next);
    result.splice(place < 0 ? result.length : place, 0, [name, other.get(name)]);
  }
  return result.map(([, entry]) => entry);
}

/** Whether the entries that both have are in another order. */
function moved(one: Named, other: Named): boolean {
  const [here, there] = [
    [...one.keys()].filter((name) => other.has(name)),
    [...other.keys()].filter((name) => one.has(name)),
  ];
  return here.some((name, index) => name !== there[index]);
}

/**
 * Whether both sides may have changed the same entry: one that both removed, while they added others. Texts and numbers are not changed
 * but replaced, so that there both must have added some.
 */
function meet(before: Named, my: Named, their: Named): boolean {
  const gone = [...before].filter(([name]) => !my.has(name) && !their.has(name)).map(([, entry]) => entry);
  if (!gone.length) return false;
  const adds = (one: Named, other: Named) =>
    [...one.keys()].some((name) => !before.has(name) && !other.has(name));
  const [mine, theirs] = [adds(my, their), adds(their, my)];
  return gone.some((entry) => isObject(entry) || Array.isArray(entry)) ? mine || theirs : mine && theirs;
}

function named(entries: unknown[]): Named {
  const seen = new Map<string, number>();
  return new Map(
    entries.map((entry) => {
      const text = canonical(entry);
      const count = (seen.get(text) ?? 0) + 1;
      seen.set(text, count);
      return [`${count} ${text}`, entry];
    }),
  );
}

/** Return a text that equal JSON values share, and no others. */
function canonical(value: unknown): string {
  if (isNumeric(value)) {
    const { sign, digits, point } = decimalOf(value);
    return `${sign}.${digits}e${point}`;
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}
