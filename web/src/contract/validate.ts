/** Validates a value against the contract's schema, with the API's messages (src/functions/contract.py). Knows no form. */
import { isObject, pointerTo, type Schema, same } from './schema';

export interface Fault {
  pointer: string;
  detail: string;
}

const TYPES: Record<NonNullable<Schema['type']>, [(value: unknown) => boolean, string]> = {
  string: [(value) => typeof value === 'string', 'a string'],
  integer: [Number.isInteger, 'an integer'],
  number: [Number.isFinite, 'a number'],
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

/** Return every fault of `value`, each with a JSON Pointer. */
export function faults(value: unknown, schema: Schema, pointer = ''): Fault[] {
  if (value === null && schema.nullable) return [];
  if (schema.type) {
    const [fits, name] = TYPES[schema.type];
    if (!fits(value)) return [{ pointer, detail: `must be ${name}` }];
  }
  const wrong: Fault[] = [];
  if (schema.enum && !schema.enum.includes(value)) {
    wrong.push({ pointer, detail: `must be one of ${schema.enum.join(', ')}` });
  }
  const details =
    typeof value === 'string'
      ? ofText(value, schema)
      : typeof value === 'number'
        ? ofNumber(value, schema)
        : [];
  for (const detail of details) wrong.push({ pointer, detail });
  if (Array.isArray(value)) wrong.push(...ofArray(value, schema, pointer));
  if (isObject(value)) wrong.push(...ofObject(value, schema, pointer));
  return wrong;
}

function* ofText(text: string, schema: Schema): Generator<string> {
  const length = Array.from(text).length;
  const { minLength = 0, maxLength = length, pattern, format = '' } = schema;
  if (length < minLength) {
    yield minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`;
  }
  if (length > maxLength) yield `must have at most ${maxLength} characters`;
  if (pattern && !new RegExp(pattern).test(text)) yield `must match ${pattern}`;
  if (FORMATS[format] && !FORMATS[format].test(text)) yield `must be in the format ${format}`;
}

function* ofNumber(value: number, schema: Schema): Generator<string> {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    yield `must be ${exclusiveMinimum ? 'more than' : 'at least'} ${minimum}`;
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    yield `must be ${exclusiveMaximum ? 'less than' : 'at most'} ${maximum}`;
  }
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

function ofObject(value: Record<string, unknown>, schema: Schema, pointer: string): Fault[] {
  const { minProperties = 0, properties = {}, required = [], additionalProperties = true } = schema;
  const names = Object.keys(value);
  const wrong: Fault[] = required
    .filter((name) => !(name in value))
    .map((name) => ({ pointer: pointerTo(pointer, name), detail: 'is required' }));
  if (names.length < minProperties) {
    wrong.push({ pointer, detail: `must have at least ${minProperties} properties` });
  }
  if (names.length > (schema.maxProperties ?? names.length)) {
    wrong.push({ pointer, detail: `must have at most ${schema.maxProperties} properties` });
  }
  for (const name of names) {
    const here = pointerTo(pointer, name);
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known) wrong.push(...faults(value[name], known, here));
    else if (additionalProperties === false) wrong.push({ pointer: here, detail: 'is not a known property' });
    else if (!name || Array.from(name).length > LONGEST_NAME) {
      wrong.push({ pointer: here, detail: `must have a name of 1 to ${LONGEST_NAME} characters` });
    } else if (additionalProperties !== true) {
      wrong.push(...faults(value[name], additionalProperties, here));
    }
  }
  return wrong;
}
