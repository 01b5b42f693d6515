/** The part of JSON Schema that the contract may use (src/crudctl/build/contract.py, VALIDATED). Knows no control and no API. */

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
  minimum?: number;
  maximum?: number;
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

export type Json = Record<string, unknown>;

/** The schema's title, else its name in words: `shelf_number` is "Shelf number". */
export function titleOf(name: string, schema: Schema): string {
  const words = name.replaceAll('_', ' ').trim();
  return schema.title ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** The JSON Pointer one member deeper: https://www.rfc-editor.org/rfc/rfc6901#section-3 */
export function pointerTo(pointer: string, step: string | number): string {
  return `${pointer}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON value as people read it. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value === 'number') return value.toLocaleString();
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  if (isObject(value)) {
    return Object.entries(value)
      .map(([name, member]) => `${name}: ${textOf(member)}`)
      .join('\n');
  }
  return value as string;
}

/** Whether two JSON values are the same; the order of an object's members does not count. */
export function same(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((entry, index) => same(entry, other[index]));
  }
  if (isObject(one) && isObject(other)) {
    const names = Object.keys(one);
    return (
      names.length === Object.keys(other).length &&
      names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]))
    );
  }
  return one === other;
}
