/** The part of JSON Schema that the contract may use (src/crudctl/build/rules.py, CONSTRAINTS). Knows no form and no API. */
import { isNumeric, type Numeric, shownNumber } from '../json/number';
import { isObject, write } from '../json/value';

export interface Schema {
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  title?: string;
  description?: string;
  default?: unknown;
  example?: unknown;
  readOnly?: boolean;
  nullable?: boolean;
  enum?: unknown[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: Numeric;
  maximum?: Numeric;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  properties?: Record<string, Schema>;
  /** The names of the properties, where JavaScript would order them in another way than the contract: it puts integers first. */
  'x-order'?: string[];
  required?: string[];
  additionalProperties?: boolean | Schema;
  /** The rules of the names that `properties` does not list. */
  'x-property-names'?: Pick<Schema, 'minLength' | 'maxLength' | 'pattern'>;
  minProperties?: number;
  maxProperties?: number;
}

/** Return the names of an object's properties in the contract's order. */
export function propertyNames({ properties = {}, 'x-order': order = [] }: Schema): string[] {
  return [...new Set([...order, ...Object.keys(properties)])];
}

/** Return the schema's title, or else its name in words: `shelf_number` is "Shelf number". */
export function titleOf(name: string, schema: Schema): string {
  const words = name.replaceAll('_', ' ').trim();
  return schema.title ?? (words ? words.charAt(0).toUpperCase() + words.slice(1) : name);
}

/** Return a JSON value as text for people; of an absent value, the empty text. */
export function textOf(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (isNumeric(value)) return shownNumber(value);
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  if (isObject(value)) {
    return Object.entries(value)
      .map(([name, inner]) => `${name}: ${textOf(inner)}`)
      .join('\n');
  }
  return value === null ? 'null' : (value as string);
}

const LIKE_ANOTHER = /^(null|true|false|yes|no|not set|empty text|["[{].*|[-\d][\d.,'’\s]*(e[+-]?\d+)?)$/is;

/** Whether a value's text could be taken for that of another value: `null`, `1`, an entry with a comma. */
function isVague(value: unknown, inside = false): boolean {
  if (Array.isArray(value)) return inside || !value.length || value.some((entry) => isVague(entry, true));
  if (isObject(value)) {
    const parts = Object.entries(value).flat();
    return inside || !parts.length || parts.some((part) => isVague(part, true));
  }
  if (typeof value !== 'string') return value === null;
  return !value || value !== value.trim() || LIKE_ANOTHER.test(value) || (inside && /[,:"\n]/.test(value));
}

/** Return a value as text for people, or as JSON where that could be taken for another value or is the text of one of `others`. */
export function distinctText(value: unknown, others: unknown[] = []): string {
  const text = textOf(value);
  return isVague(value) || others.some((other) => textOf(other) === text) ? write(value) : text;
}

/** Return a value as JSON, but a text as it is unless it could be taken for another value or, in a list, for several. */
export function spelled(value: unknown): string {
  return typeof value === 'string' && !isVague(value, true) && !/\bor\b/.test(value) ? value : write(value);
}
