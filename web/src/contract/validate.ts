/** Validates a value against the contract's schema, with the API's messages (src/functions/validation.py). Knows no form. */
import { compare, decimalOf, Exact, isNumeric, type Numeric, numberOf } from '../json/number';
import { at, isObject, type Json, own, pointerTo, same } from '../json/value';
import type { Schema } from './schema';

export interface Fault {
  pointer: string;
  detail: string;
}

const TYPES: Record<NonNullable<Schema['type']>, [(value: unknown) => boolean, string]> = {
  string: [(value) => typeof value === 'string', 'a string'],
  integer: [isInteger, 'an integer'],
  number: [isNumeric, 'a number'],
  boolean: [(value) => typeof value === 'boolean', 'true or false'],
  array: [Array.isArray, 'an array'],
  object: [isObject, 'an object'],
};

const LONGEST_NAME = 255; // of a property that the schema does not name

const DATE = '[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])';
const TIME = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?';
const FORMATS: Record<string, RegExp> = {
  date: new RegExp(`^${DATE}$`),
  'date-time': new RegExp(`^${DATE}[Tt]${TIME}(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$`),
  uuid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  uri: /^[a-z][a-z0-9+.-]*:[!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]*$/i,
  email: /^[^\s@<>()[\],;:"\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/,
};

/** What DynamoDB keeps: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
const DIGITS = 38;
const [SMALLEST, LARGEST] = [-129, 126]; // of `Decimal.point`: from 1e-130 to below 1e126

const LIMITS: Record<string, [Numeric, Numeric]> = {
  int32: [-2147483648, 2147483647],
  int64: [numberOf('-9223372036854775808'), numberOf('9223372036854775807')],
};

/** Return every fault of `value`, each with a JSON Pointer. */
export function faults(value: unknown, schema: Schema, pointer = ''): Fault[] {
  if (value === null && schema.nullable) return [];
  if (schema.type) {
    const [fits, name] = TYPES[schema.type];
    if (!fits(value)) return [{ pointer, detail: `must be ${name}` }];
  }
  const wrong: Fault[] = [];
  if (schema.enum && !schema.enum.some((allowed) => same(allowed, value))) {
    wrong.push({ pointer, detail: `must be one of ${schema.enum.map(String).join(', ')}` });
  }
  const details =
    typeof value === 'string' ? ofText(value, schema) : isNumeric(value) ? ofNumber(value, schema) : [];
  for (const detail of details) wrong.push({ pointer, detail });
  if (Array.isArray(value)) wrong.push(...ofArray(value, schema, pointer));
  if (isObject(value)) wrong.push(...ofObject(value, schema, pointer));
  return wrong;
}

/** Return the faults of `value` that `base` does not have too, with the same value there: what was not edited is not judged. */
export function newFaults(value: Json, schema: Schema, base: Json): Fault[] {
  const before = faults(base, schema);
  return faults(value, schema).filter(
    ({ pointer, detail }) =>
      !before.some((old) => old.pointer === pointer && old.detail === detail) ||
      !same(at(value, pointer), at(base, pointer)),
  );
}

function isInteger(value: unknown): boolean {
  return value instanceof Exact ? /^-?\d+$/.test(value.text) : Number.isInteger(value);
}

function* ofText(text: string, schema: Schema): Generator<string> {
  const length = Array.from(text).length;
  const { minLength = 0, maxLength = length, pattern, format = '' } = schema;
  if (length < minLength) {
    yield minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`;
  }
  if (length > maxLength) yield `must have at most ${maxLength} characters`;
  if (pattern && !matches(pattern, text)) yield `must match ${pattern}`;
  else if (!isFormatted(text, format)) yield `must be in the format ${format}`;
}

/** ECMA-262 with the flag `u`, as src/crudctl/build/pattern.py reads it. A browser that does not know the syntax leaves it to the API. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

/** Return whether a text has a format of the contract; true for a format that has no rule. */
export function isFormatted(text: string, format: string): boolean {
  const rule = own(FORMATS, format);
  return !rule || (rule.test(text) && (!format.startsWith('date') || isDay(text.slice(0, 10))));
}

function isDay(date: string): boolean {
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}

function* ofNumber(value: Numeric, schema: Schema): Generator<string> {
  const { sign, digits, point } = decimalOf(value);
  if (digits.length > DIGITS || (sign && (point < SMALLEST || point > LARGEST))) {
    yield `must have at most ${DIGITS} significant digits and a magnitude from 1e-130 to 1e126`;
    return;
  }
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, format = '' } = schema;
  const below = minimum === undefined ? 1 : compare(value, minimum);
  if (below < 0 || (below === 0 && exclusiveMinimum)) {
    yield `must be ${exclusiveMinimum ? 'more than' : 'at least'} ${String(minimum)}`;
  }
  const above = maximum === undefined ? -1 : compare(value, maximum);
  if (above > 0 || (above === 0 && exclusiveMaximum)) {
    yield `must be ${exclusiveMaximum ? 'less than' : 'at most'} ${String(maximum)}`;
  }
  const [least, most] = own(LIMITS, format) ?? [value, value];
  if (compare(value, least) < 0 || compare(value, most) > 0) yield `must be in the format ${format}`;
}

function ofArray(value: unknown[], schema: Schema, pointer: string): Fault[] {
  const { minItems = 0, maxItems = value.length } = schema;
  if (value.length > maxItems) return [{ pointer, detail: `must have at most ${maxItems} entries` }];
  const wrong: Fault[] = [];
  if (value.length < minItems) wrong.push({ pointer, detail: `must have at least ${minItems} entries` });
  value.forEach((entry, index) => {
    const here = pointerTo(pointer, index);
    if (schema.uniqueItems && value.slice(0, index).some((earlier) => same(entry, earlier))) {
      wrong.push({ pointer: here, detail: 'must be unique' });
    }
    wrong.push(...faults(entry, schema.items ?? {}, here));
  });
  return wrong;
}

function ofObject(value: Json, schema: Schema, pointer: string): Fault[] {
  const { minProperties = 0, properties, required = [], additionalProperties = true } = schema;
  const names = Object.keys(value);
  const wrong: Fault[] = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ pointer: pointerTo(pointer, name), detail: 'is required' }));
  if (names.length < minProperties) {
    wrong.push({ pointer, detail: `must have at least ${minProperties} properties` });
  }
  if (names.length > (schema.maxProperties ?? names.length)) {
    wrong.push({ pointer, detail: `must have at most ${schema.maxProperties} properties` });
  }
  for (const name of names) {
    const here = pointerTo(pointer, name);
    const known = own(properties, name);
    const detail = known ? null : ofName(name, schema);
    if (detail) wrong.push({ pointer: here, detail });
    else if (known) wrong.push(...faults(value[name], known, here));
    else if (typeof additionalProperties === 'object')
      wrong.push(...faults(value[name], additionalProperties, here));
  }
  return wrong;
}

/** Return what is wrong with the name of a property that the schema does not name. */
function ofName(
  name: string,
  { additionalProperties, 'x-property-names': rule = {} }: Schema,
): string | null {
  if (additionalProperties === false) return 'is not a known property';
  const { minLength = 1, maxLength = LONGEST_NAME, pattern } = rule;
  const length = Array.from(name).length;
  if (length < minLength || length > maxLength)
    return `must have a name of ${minLength} to ${maxLength} characters`;
  return pattern && !matches(pattern, name) ? `must have a name that matches ${pattern}` : null;
}
