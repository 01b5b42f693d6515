/** Which fields of an item are content, according to the contract. */
import schema from 'virtual:content';
import type { Item, ItemContent } from '../api/client';
import { type Json, textOf } from '../contract/schema';
import { fieldsOf } from '../form/fields';

export { schema };

export const fields = fieldsOf(schema);
export const names = fields.map((field) => field.name);

/** Return the item without the fields that the service sets. */
export function contentOf(item: Item): ItemContent {
  const all: Json = item;
  return Object.fromEntries(
    names.filter((name) => name in all).map((name) => [name, all[name]]),
  ) as ItemContent;
}

/** Return the name of an item for people: its first text. */
export function nameOf(item: Json): string {
  const first = fields.find((field) => typeof item[field.name] === 'string');
  return textOf(item[first?.name ?? 'id']);
}
