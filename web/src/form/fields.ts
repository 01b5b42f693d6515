/** Makes form fields of a schema, and turns a value into what the controls hold and back. Knows no markup. */
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
  | 'group' // an object with members of its own
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

/** What a control holds while it is edited: text as it is typed, so that nothing typed is lost. */
export type Raw = string | Words | [string, string][] | { [name: string]: Raw };
export interface Words {
  entries: string[];
  pending: string;
}

const LONG = 200;

/** The fields of an object schema, in the schema's order. */
export function fieldsOf(schema: Schema, pointer = ''): Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const here = pointerTo(pointer, name);
    const control = controlOf(member);
    return {
      name,
      pointer: here,
      schema: member,
      required: schema.required?.includes(name) ?? false,
      title: titleOf(name, member),
      help: helpOf(member),
      control,
      fields: control === 'group' ? fieldsOf(member, here) : [],
    };
  });
}

function controlOf(schema: Schema): Control {
  const entries = schema.items;
  const members = schema.additionalProperties;
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
      return typeof members === 'object' && members.type === 'string' && !members.enum ? 'pairs' : 'json';
    default:
      return 'json';
  }
}

/** The schema's description, and its limits in words. */
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

/** What the controls hold to begin with for an object value. */
export function rawOf(fields: Field[], value: Json): Record<string, Raw> {
  return Object.fromEntries(fields.map((field) => [field.name, rawOfMember(field, value[field.name])]));
}

function rawOfMember(field: Field, value: unknown): Raw {
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

/** What was held, as far as it still fits: the contract may have changed since. */
export function fitted(fields: Field[], held: Record<string, Raw>, empty = rawOf(fields, {})): typeof held {
  const shape = (raw: Raw | undefined) =>
    Array.isArray(raw) ? 'pairs' : isObject(raw) ? Object.keys(raw)[0] : typeof raw;
  return Object.fromEntries(
    fields.map(({ name, control, fields: inner }) => {
      const [own, none] = [held[name], empty[name] ?? ''];
      if (control === 'group') return [name, fitted(inner, isObject(own) ? own : {})];
      return [name, own !== undefined && shape(own) === shape(none) ? own : none];
    }),
  );
}

/**
 * The object that the controls stand for, without what was left empty, and the faults that a schema cannot see. What nobody
 * touched is as it is in `base`: a control may show less than it was given, such as a time without its milliseconds.
 */
export function valueOf(
  fields: Field[],
  raw: Record<string, Raw>,
  base: Json = {},
): { value: Json; faults: Fault[] } {
  const found: Fault[] = [];
  const value: Json = {};
  for (const field of fields) {
    const [held, before] = [raw[field.name], base[field.name]];
    if (held === undefined) continue;
    const touched = before === undefined || !same(held, rawOfMember(field, before));
    const member = touched ? memberOf(field, held, before, found) : before;
    if (member !== undefined) value[field.name] = member;
  }
  return { value, faults: found };
}

function memberOf(field: Field, raw: Raw, before: unknown, found: Fault[]): unknown {
  const fault = (detail: string, pointer = field.pointer) => {
    found.push({ pointer, detail });
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
        else if (names.indexOf(name) !== index)
          fault('must not be there twice', pointerTo(field.pointer, name));
      });
      return pairs.length || field.required
        ? Object.fromEntries(pairs.map(([, text], i) => [names[i], text]))
        : undefined;
    }
    case 'group': {
      const inner = valueOf(field.fields, raw as Record<string, Raw>, isObject(before) ? before : {});
      found.push(...inner.faults);
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
