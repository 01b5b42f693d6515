/** Whether an entry passes a filter on one field. Knows no view and no address. */
import type { Resource } from '../api/client';
import { compare, isNumeric, NUMBER, type Numeric, numberOf } from '../json/number';
import { at, isObject, write } from '../json/value';
import { folded } from './text';

export interface Filter {
  /** The steps of a JSON Pointer without the first slash: `tags`, `attributes/colour`. */
  field: string;
  /**
   * `is`: the value, or one of a list, equals; `has`: a list has the entry, a map the name, a text the words; `min` and `max`: numbers
   * and times, inclusive; `empty`: has no value, or with the value `no` has one.
   */
  operator: 'is' | 'has' | 'min' | 'max' | 'empty';
  value: string;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

export function passes(entry: Resource, { field, operator, value: wanted }: Filter): boolean {
  const value = at(entry, `/${field}`);
  switch (operator) {
    case 'is':
      return Array.isArray(value) ? value.some((one) => equals(one, wanted)) : equals(value, wanted);
    case 'has':
      return contains(value, wanted);
    case 'min':
      return reaches(value, wanted, 1);
    case 'max':
      return reaches(value, wanted, -1);
    case 'empty':
      return isEmpty(value) === (wanted !== 'no');
  }
}

export function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '';
}

function equals(value: unknown, wanted: string): boolean {
  if (value === undefined) return false;
  if (typeof value === 'string') return value === wanted;
  const number = isNumeric(value) ? numberIn(wanted) : undefined;
  return isNumeric(value) && number !== undefined ? compare(value, number) === 0 : write(value) === wanted;
}

function contains(value: unknown, wanted: string): boolean {
  if (Array.isArray(value)) return value.some((one) => equals(one, wanted));
  if (isObject(value)) return Object.hasOwn(value, wanted);
  return typeof value === 'string' && folded(value).includes(folded(wanted));
}

/** Whether a value lies on the wanted side of a limit: 1 for above, -1 for below. */
function reaches(value: unknown, wanted: string, side: 1 | -1): boolean {
  if (isNumeric(value)) {
    const limit = numberIn(wanted);
    return limit !== undefined && compare(value, limit) * side >= 0;
  }
  if (typeof value !== 'string' || !wanted) return false;
  if (DAY.test(value)) return value === wanted.slice(0, 10) || value > wanted === (side === 1);
  const [time, limit] = [Date.parse(value), limitOf(wanted, side)];
  return (time - limit) * side >= 0;
}

/** Return the time of a limit; of a day, its local beginning or its last millisecond. */
function limitOf(wanted: string, side: 1 | -1): number {
  if (!DAY.test(wanted)) return Date.parse(wanted);
  const [year = 0, month = 1, day = 1] = wanted.split('-').map(Number);
  return side === 1
    ? new Date(year, month - 1, day).getTime()
    : new Date(year, month - 1, day + 1).getTime() - 1;
}

/** Return the number that a JSON text is. */
function numberIn(text: string): Numeric | undefined {
  return NUMBER.test(text) ? numberOf(text) : undefined;
}
