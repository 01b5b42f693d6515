/** JSON values: read and written without loss, compared, and found by JSON Pointer. */
import { parse as losslessly } from 'lossless-json';
import { compare, Exact, isNumeric, numberOf } from './number';

/** A JSON object. Read a property by `own`: `constructor` and `__proto__` are names like any other, and are inherited too. */
export type Json = Record<string, unknown>;

/** Return the JSON value of a text, its numbers with all digits. Throws SyntaxError with the position. */
export function parse(text: string): unknown {
  return losslessly(text, undefined, { parseNumber: numberOf });
}

/** Return the JSON text of a value; with `indent`, on several lines. */
export function write(value: unknown, indent = '', margin = ''): string {
  const inner = margin + indent;
  const list = (parts: string[], [open, close]: [string, string]) => {
    if (!parts.length) return open + close;
    return indent
      ? `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`
      : open + parts.join(',') + close;
  };
  if (value instanceof Exact) return value.text;
  if (Array.isArray(value))
    return list(
      value.map((entry) => write(entry, indent, inner)),
      ['[', ']'],
    );
  if (!isObject(value)) return JSON.stringify(value);
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  const colon = indent ? ': ' : ':';
  return list(
    present.map(([name, field]) => JSON.stringify(name) + colon + write(field, indent, inner)),
    ['{', '}'],
  );
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Exact);
}

/** Return the object's own property; undefined if it has none of that name. */
export function own<Value>(object: Record<string, Value> | undefined, name: string): Value | undefined {
  return object && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Return the object without the properties that are undefined. */
export function present(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** Return whether two JSON values are equal: 1.10 is 1.1, and the order of an object's properties does not matter. */
export function same(one: unknown, other: unknown): boolean {
  if (isNumeric(one) && isNumeric(other)) return compare(one, other) === 0;
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

/** Return the JSON Pointer one step deeper: https://www.rfc-editor.org/rfc/rfc6901#section-3 */
export function pointerTo(pointer: string, step: string | number): string {
  return `${pointer}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Return the steps of a JSON Pointer. */
export function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Return what a JSON Pointer points to in `value`; undefined if there is nothing. */
export function at(value: unknown, pointer: string): unknown {
  return stepsOf(pointer).reduce<unknown>((here, step) => {
    if (Array.isArray(here)) return /^\d+$/.test(step) ? (here as unknown[])[Number(step)] : undefined;
    return isObject(here) ? own(here, step) : undefined;
  }, value);
}
