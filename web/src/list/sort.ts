/** Entries in the order of one of their properties; those without a value come last, and equal ones stay as they are. Knows no view. */
import type { Resource } from '../api/client';
import { textOf } from '../contract/schema';
import { content } from '../contract/service';
import { compare, isNumeric, type Numeric } from '../json/number';
import { at, isObject, own, same, stepsOf } from '../json/value';
import { isEmpty } from './filter';

interface Order {
  property: string;
  descending: boolean;
}
type Key = number | Numeric | string;

const COLLATOR = new Intl.Collator(undefined, { numeric: true });
const known = new WeakMap<Resource[], Map<string, Resource[]>>();

/** Return the entries in order. The same array is sorted once for each order, so that a search sorts nothing. */
export function sorted(entries: Resource[], { property, descending }: Order): Resource[] {
  const orders = known.get(entries) ?? new Map<string, Resource[]>();
  known.set(entries, orders);
  const name = (descending ? '-' : '') + property;
  const made = orders.get(name) ?? inOrder(entries, property, descending ? -1 : 1);
  orders.set(name, made);
  return made;
}

function inOrder(entries: Resource[], property: string, sign: 1 | -1): Resource[] {
  const keyOf = keysOf(property);
  const [present, absent]: [{ entry: Resource; key: Key }[], Resource[]] = [[], []];
  for (const entry of entries) {
    const value = at(entry, `/${property}`);
    if (isEmpty(value)) absent.push(entry);
    else present.push({ entry, key: keyOf(value) });
  }
  present.sort((one, other) => sign * compareKeys(one.key, other.key));
  return [...present.map(({ entry }) => entry), ...absent];
}

/** Return the function that makes a value comparable: a choice by the contract's order, a time by its moment, else number or text. */
function keysOf(property: string): (value: unknown) => Key {
  const schema = stepsOf(`/${property}`).reduce<typeof content | undefined>(
    (here, step) => own(here?.properties, step),
    content,
  );
  const choices = schema?.enum;
  if (choices) return (value) => choices.findIndex((choice) => same(choice, value));
  if (schema?.format === 'date-time') return (value) => Date.parse(textOf(value)) || textOf(value);
  return (value) => {
    if (isNumeric(value)) return value;
    if (typeof value === 'boolean') return Number(value);
    return Array.isArray(value) || isObject(value) ? textOf(value) : String(value);
  };
}

/** Numbers come before texts. */
function compareKeys(one: Key, other: Key): number {
  if (typeof one === 'string') return typeof other === 'string' ? COLLATOR.compare(one, other) : 1;
  return typeof other === 'string' ? -1 : compare(one, other);
}
