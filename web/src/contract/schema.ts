/** The part of JSON Schema that the contract may use (src/crudctl/build/rules.py, CONSTRAINTS). Knows no form and no API. */
import { isNumeric, type Numeric, shownNumber } from '../json/number';
import { isObject } from '../json/value';

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
  required?: string[];
  additionalProperties?: boolean | Schema;
  minProperties?: number;
  maxProperties?: number;
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
