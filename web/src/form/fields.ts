/** Derives form fields from a schema, and converts a value to the state of the controls and back. Knows no markup. */
import { isObject, type Json, pointerTo, same, type Schema, titleOf } from '../contract/schema';
import type { Fault } from '../contract/validate';

export type Control =
  | 'line' // one line of text, with an input type by its format
  | 'text' // several lines
  | 'number'
  | 'choice' // one of an enum
  | 'yes-no'
  | 'words' // a list of texts
  | 'choices' // a list of an enum's values
  | 'pairs' // an object of texts
  | 'group' // an object with properties of its own
  | 'json'; // anything else

export interface Field {
  name: string;
  pointer: string;
  schema: Schema;
  required: boolean;
  title: string;
  help: string;
  control: Control;
  fields: Field[];
}

/** The state of a control while it is edited: text exactly as typed, so that nothing is lost. */
export type Raw = string | Words | [string, string][] | { [name: string]: Raw };
export interface Words {
  entries: string[];
  pending: string;
}

const LONG = 200;

/** Return the fields of an object schema, in the schema's order. */
export function fieldsOf(schema: Schema, pointer = ''): Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const here = pointerTo(pointer, name);
    const control = controlOf(property);
    return {
      name,
      pointer: here,
      schema: property,
      required: schema.required?.includes(name) ?? false,
      title: titleOf(name, property),
      help: helpOf(property),
      control,
      fields: control === 'group' ? fieldsOf(property, here) : [],
    };
  });
}

function controlOf(schema: Schema): Control {
  const entries = schema.items;
  const others = schema.additionalProperties;
  switch (schema.type) {
    case 'string':
      if (schema.enum) return 'choice';
      return !schema.format && (schema.maxLength ?? Number.POSITIVE_INFINITY) > LONG ? 'text' : 'line';
    case 'integer':
    case 'number':
      return schema.enum ? 'choice' : 'number';
    case 'boolean':
      return 'yes-no';
    case 'array':
      if (entries?.type === 'string') return entries.enum ? 'choices' : 'words';
      return 'json';
    case 'object':
      if (schema.properties) return 'group';
      return typeof others === 'object' && others.type === 'string' && !others.enum ? 'pairs' : 'json';
    default:
      return 'json';
  }
}

/** Return the schema's description, followed by its limits in words. */
function helpOf(schema: Schema): string {
  const { minimum, maximum, maxLength, maxItems, maxProperties } = schema;
  const shown = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  const limits = [
    maxLength !== undefined && !schema.enum && `Up to ${maxLength.toLocaleString('en-GB')} characters.`,
    maxItems !== undefined && `Up to ${maxItems} entries.`,
    maxProperties !== undefined && `Up to ${maxProperties} pairs.`,
    minimum !== undefined && shown !== undefined && `From ${minimum} to ${shown}.`,
    minimum !== undefined && shown === undefined && `${minimum} or more.`,
    minimum === undefined && shown !== undefined && `At most ${shown}.`,
    schema.format === 'date-time' && 'In your local time.',
  ];
  return [schema.description?.trim(), ...limits].filter(Boolean).join(' ');
}

/** Return the initial state of the controls for an object value. */
export function rawOf(fields: Field[], value: Json): Record<string, Raw> {
  return Object.fromEntries(fields.map((field) => [field.name, rawOfField(field, value[field.name])]));
}

function rawOfField(field: Field, value: unknown): Raw {
  switch (field.control) {
    case 'words':
    case 'choices':
      return { entries: Array.isArray(value) ? value.map(String) : [], pending: '' };
    case 'pairs':
      return isObject(value) ? Object.entries(value).map(([name, text]) => [name, String(text)]) : [];
    case 'group':
      return rawOf(field.fields, isObject(value) ? value : {});
    case 'json':
      return value === undefined ? '' : JSON.stringify(value, null, 2);
    default:
      return value === undefined || value === null ? '' : textOf(field.schema, value);
  }
}

function textOf(schema: Schema, value: unknown): string {
  if (schema.format !== 'date-time') return String(value);
  const time = new Date(String(value));
  if (Number.isNaN(time.getTime())) return String(value);
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/** Return a stored state without the parts that do not fit the fields: the contract may have changed since. */
export function fitted(
  fields: Field[],
  stored: Record<string, Raw>,
  empty = rawOf(fields, {}),
): typeof stored {
  const shape = (raw: Raw | undefined) =>
    Array.isArray(raw) ? 'pairs' : isObject(raw) ? Object.keys(raw)[0] : typeof raw;
  return Object.fromEntries(
    fields.map(({ name, control, fields: inner }) => {
      const [own, none] = [stored[name], empty[name] ?? ''];
      if (control === 'group') return [name, fitted(inner, isObject(own) ? own : {})];
      return [name, own !== undefined && shape(own) === shape(none) ? own : none];
    }),
  );
}

/**
 * Return the object that the controls describe, without empty fields, and the faults that a schema cannot detect. A field that
 * was not edited keeps its value from `base`: a control may show less than the value, such as a time without milliseconds.
 */
export function valueOf(
  fields: Field[],
  raw: Record<string, Raw>,
  base: Json = {},
): { value: Json; faults: Fault[] } {
  const wrong: Fault[] = [];
  const value: Json = {};
  for (const field of fields) {
    const [current, before] = [raw[field.name], base[field.name]];
    if (current === undefined) continue;
    const edited = before === undefined || !same(current, rawOfField(field, before));
    const result = edited ? parsed(field, current, before, wrong) : before;
    if (result !== undefined) value[field.name] = result;
  }
  return { value, faults: wrong };
}

function parsed(field: Field, raw: Raw, before: unknown, wrong: Fault[]): unknown {
  const fault = (detail: string, pointer = field.pointer) => {
    wrong.push({ pointer, detail });
  };
  switch (field.control) {
    case 'words':
    case 'choices': {
      const { entries, pending } = raw as Words;
      const all = pending.trim() ? [...entries, pending.trim()] : entries;
      return all.length || field.required ? all : undefined;
    }
    case 'pairs': {
      const pairs = (raw as [string, string][]).filter(([name, text]) => name.trim() || text);
      const names = pairs.map(([name]) => name.trim());
      names.forEach((name, index) => {
        if (!name) fault(`needs a name for “${pairs[index]?.[1]}”`);
        else if (names.indexOf(name) !== index) fault('must be unique', pointerTo(field.pointer, name));
      });
      return pairs.length || field.required
        ? Object.fromEntries(pairs.map(([, text], i) => [names[i], text]))
        : undefined;
    }
    case 'group': {
      const inner = valueOf(field.fields, raw as Record<string, Raw>, isObject(before) ? before : {});
      wrong.push(...inner.faults);
      return Object.keys(inner.value).length || field.required ? inner.value : undefined;
    }
    default:
      return fromText(field, raw as string, fault);
  }
}

function fromText(field: Field, raw: string, fault: (detail: string) => void): unknown {
  const { schema, control } = field;
  if (!raw.trim()) return undefined;
  if (control === 'yes-no') return raw === 'true';
  if (control === 'json') {
    try {
      return JSON.parse(raw);
    } catch {
      fault('must be JSON');
      return undefined;
    }
  }
  if (schema.type === 'integer' || schema.type === 'number') {
    const number = Number(raw.trim());
    if (!Number.isNaN(number)) return number;
    fault(`must be ${schema.type === 'integer' ? 'an integer' : 'a number'}`);
    return undefined;
  }
  if (schema.format === 'date-time') {
    const time = new Date(raw);
    return Number.isNaN(time.getTime()) ? raw : time.toISOString();
  }
  return raw;
}
