/** Changes that can be made to many resources together, by field of the contract. Pure; knows neither API nor markup. */
import type { Field } from '../../contract/fields';
import { type Json, own, present, same } from '../../json/value';

/** `add` and `remove` are for one entry of a list; `set` is for a field with one value, which undefined removes. */
export interface Edit {
  field: Field;
  how: 'add' | 'remove' | 'set';
  value: unknown;
}

/** Return the fields that can be edited together: lists of words or choices, choices, yes or no. */
export function editable(fields: Field[]): Field[] {
  return fields.filter(({ control }) => isList(control) || control === 'choice' || control === 'yes-no');
}

export function isList(control: Field['control']): boolean {
  return control === 'words' || control === 'choices';
}

/** Return the content with the edit made; the same content if there is nothing to do. */
export function edited(content: Json, { field, how, value }: Edit): Json {
  if (how === 'set') return put(content, field, value);
  const before = own(content, field.name);
  const list: unknown[] = Array.isArray(before) ? before : [];
  const others = list.filter((entry) => !same(entry, value));
  const has = others.length < list.length;
  if (has === (how === 'add')) return content;
  if (how === 'add') return put(content, field, [...list, value]);
  return put(content, field, others.length || field.required ? others : undefined);
}

function put(content: Json, { name }: Field, value: unknown): Json {
  return same(own(content, name), value) ? content : present({ ...content, [name]: value });
}

/** Return the entries of a list field in these resources, the most frequent first. */
export function inUse(resources: readonly Json[], { name }: Field): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const resource of resources) {
    const list = own(resource, name);
    if (!Array.isArray(list)) continue;
    for (const entry of new Set<unknown>(list)) {
      if (typeof entry === 'string') counts.set(entry, (counts.get(entry) ?? 0) + 1);
    }
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((one, other) => other.count - one.count || one.value.localeCompare(other.value));
}
