/**
 * The state of the controls while they are edited, from a value and back. A control whose value was not edited gives back that value,
 * whatever it shows; a value that does not fit its control is edited as JSON. Knows no markup.
 */
import type { Schema } from '../contract/schema';
import { brokenAt } from '../json/broken';
import { type Fault, faults, isFormatted } from '../contract/validate';
import { isNumeric } from '../json/number';
import { isObject, type Json, own, parse, pointerTo, present, same, write } from '../json/value';
import type { Field } from '../contract/fields';
import { readNumber, typedAs } from './typed';

/** Text exactly as typed, so that nothing is lost; null for a field that was set to null. Of a choice, the JSON text of its value. */
export type Raw = string | null | Words | Pairs | Group | Code;
export interface Words {
  entries: string[];
  pending: string;
}
export interface Pairs {
  pairs: [string, string][];
}
export interface Group {
  members: Raws;
  /** Of an open group. */
  others?: Raw;
}
/** JSON text, for a field without a control of its own, or a value that does not fit its control. */
export interface Code {
  code: string;
}
export type Raws = Record<string, Raw>;

/** Return the initial state of the controls for an object value. */
export function rawOf(fields: Field[], value: Json): Raws {
  return Object.fromEntries(fields.map((field) => [field.name, rawOfField(field, own(value, field.name))]));
}

/** Whether a raw state is JSON text. */
export function isCode(raw: Raw): raw is Code {
  return isObject(raw) && Object.hasOwn(raw, 'code');
}

/** Return the state of the control of one field; without a value, of an empty one. */
export function rawOfField(field: Field, value?: unknown): Raw {
  if (value === null && field.schema.nullable && field.control !== 'json') return null;
  if (value !== undefined && !fits(field, value)) return { code: write(value, '  ') };
  switch (field.control) {
    case 'words':
    case 'choices':
      return { entries: (value as string[] | undefined) ?? [], pending: '' };
    case 'pairs':
      return { pairs: Object.entries((value as Record<string, string> | undefined) ?? {}) };
    case 'group':
      return rawOfGroup(field, (value as Json | undefined) ?? {});
    case 'json':
      return { code: '' };
    case 'choice':
    case 'yes-no':
      return value === undefined ? '' : write(value);
    default:
      return value === undefined ? '' : shownBy(field.schema, value);
  }
}

function rawOfGroup(field: Field, value: Json): Group {
  const members = rawOf(field.fields, value);
  return field.others ? { members, others: rawOfField(field.others, unnamed(field, value)) } : { members };
}

/** Return the properties that a group's schema does not name. */
function unnamed(field: Field, value: Json): Json | undefined {
  const others = Object.entries(value).filter(([name]) => !field.fields.some((known) => known.name === name));
  return others.length ? Object.fromEntries(others) : undefined;
}

/** Whether a control can show a value without a loss. HTML inputs drop line breaks, and dates that are none. */
function fits({ control, schema }: Field, value: unknown): boolean {
  const texts = (all: unknown[]) => all.every((text) => typeof text === 'string' && !/[\r\n]/.test(text));
  switch (control) {
    case 'words':
      return Array.isArray(value) && texts(value);
    case 'choices':
      return Array.isArray(value) && texts(value) && new Set(value).size === value.length;
    case 'pairs':
      return isObject(value) && texts(Object.values(value)) && texts(Object.keys(value));
    case 'group':
      return isObject(value);
    case 'json':
      return false;
    case 'yes-no':
      return typeof value === 'boolean';
    case 'choice':
      return true;
    case 'number':
      return isNumeric(value);
    default:
      return typeof value === 'string' && fitsInput(value, schema.format ?? '');
  }
}

function fitsInput(text: string, format: string): boolean {
  if (format === 'date') return isFormatted(text, format);
  if (format === 'date-time') return isFormatted(text, format) && !Number.isNaN(Date.parse(text));
  return !text.includes('\r') && (!['email', 'uri', 'password'].includes(format) || !/^\s|\s$|\n/.test(text));
}

function shownBy(schema: Schema, value: unknown): string {
  if (isNumeric(value)) return typedAs(value);
  return schema.format === 'date-time' ? localTime(new Date(String(value))) : String(value);
}

const MINUTES = 'YYYY-MM-DDThh:mm'.length;

/** Return a time as an input shows it, with milliseconds if it has some. */
function localTime(time: Date): string {
  const here = new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString();
  return here.slice(0, here.endsWith('.000Z') ? 19 : 23);
}

/** Return a stored state without the parts that do not fit the fields: the contract may have changed since. */
export function fitted(fields: Field[], stored: Raws, empty = rawOf(fields, {})): Raws {
  return Object.fromEntries(
    fields.map((field) => {
      const [kept, none] = [own(stored, field.name), own(empty, field.name) ?? ''];
      return [field.name, kept === undefined ? none : fittedField(field, kept, none)];
    }),
  );
}

function fittedField(field: Field, kept: Raw, none: Raw): Raw {
  const kind = (raw: Raw) => (isObject(raw) ? Object.keys(raw)[0] : typeof raw);
  if (kept === null) return field.schema.nullable ? null : none;
  if (isCode(kept)) return kept;
  if (kind(kept) !== kind(none)) return none;
  if (field.control === 'choice' || field.control === 'yes-no') return isJson(kept as string) ? kept : none;
  if (field.control !== 'group') return kept;
  const [old, fresh] = [kept as Group, none as Group];
  const members = fitted(field.fields, old.members, fresh.members);
  if (!field.others || fresh.others === undefined) return { members };
  return {
    members,
    others: old.others === undefined ? fresh.others : fittedField(field.others, old.others, fresh.others),
  };
}

/** Return the object that the controls describe, without empty fields, and the faults that a schema cannot detect. */
export function valueOf(fields: Field[], raws: Raws, base: Json = {}): { value: Json; faults: Fault[] } {
  const wrong: Fault[] = [];
  const values = fields.map((field) => {
    const [raw, before] = [own(raws, field.name), own(base, field.name)];
    return [field.name, raw === undefined ? before : valueOfField(field, raw, before, wrong)] as const;
  });
  return { value: present(Object.fromEntries(values)), faults: wrong };
}

function valueOfField(field: Field, raw: Raw, before: unknown, wrong: Fault[]): unknown {
  if (before !== undefined && same(raw, rawOfField(field, before))) return before;
  const fault: Report = (detail, pointer = field.pointer) => {
    wrong.push({ pointer, detail });
  };
  if (raw === null) return null;
  if (isCode(raw)) return fromCode(raw.code, fault);
  switch (field.control) {
    case 'words':
    case 'choices': {
      const { entries, pending } = raw as Words;
      const all = pending.trim() ? [...entries, pending.trim()] : entries;
      return all.length || field.required ? all : undefined;
    }
    case 'pairs':
      return fromPairs(field, (raw as Pairs).pairs, isObject(before) ? before : {}, fault);
    case 'group':
      return fromGroup(field, raw as Group, before, wrong);
    default:
      return fromText(field, raw as string, fault);
  }
}

function isJson(text: string): boolean {
  let readable = true;
  fromCode(text, () => void (readable = false));
  return readable;
}

type Report = (detail: string, pointer?: string) => void;

function fromCode(code: string, fault: Report): unknown {
  if (!code.trim()) return undefined;
  try {
    return parse(code);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    fault(`must be JSON: ${brokenAt(code, error)}`);
    return undefined;
  }
}

function fromPairs(field: Field, pairs: [string, string][], before: Json, fault: Report): Json | undefined {
  const known = (name: string) => Object.hasOwn(before, name); // a name that was not typed here is kept as it is
  const named = pairs
    .filter(([name, text]) => known(name) || name.trim() || text)
    .map(([name, text]) => [known(name) ? name : name.trim(), text] as const);
  named.forEach(([name], index) => {
    if (!name && !known(name)) fault('needs a name', pointerTo(field.pointer, name));
    else if (named.findIndex(([other]) => other === name) !== index) {
      fault('must be unique', pointerTo(field.pointer, name));
    }
  });
  return named.length || field.required ? Object.fromEntries(named) : undefined;
}

function fromGroup(field: Field, raw: Group, stored: unknown, wrong: Fault[]): Json | undefined {
  const before = isObject(stored) ? stored : {};
  const inner = valueOf(field.fields, raw.members, before);
  wrong.push(...inner.faults);
  const rest = unnamed(field, before);
  const others =
    field.others && raw.others !== undefined ? valueOfField(field.others, raw.others, rest, wrong) : rest;
  if (others !== undefined && !isObject(others)) {
    wrong.push({ pointer: field.pointer, detail: 'must have its other properties as an object' });
    return inner.value;
  }
  for (const { name, pointer } of field.fields) {
    if (isObject(others) && Object.hasOwn(others, name)) {
      wrong.push({ pointer, detail: 'is a field of its own: remove it from the other properties' });
    }
  }
  const value = { ...others, ...inner.value };
  return Object.keys(value).length || staysEmpty(field, stored) ? value : undefined;
}

/**
 * Whether an object without members is kept: a stored one may have members that the API does not show, and removing it would remove
 * them. One that may not be empty can only be removed.
 */
function staysEmpty({ required, schema }: Field, stored: unknown): boolean {
  return required || (isObject(stored) && faults({}, schema).length === 0);
}

function fromText(field: Field, raw: string, fault: Report): unknown {
  const { schema, control } = field;
  if (!raw.trim()) return undefined;
  if (control === 'yes-no' || control === 'choice') return fromCode(raw, fault);
  if (control === 'number') {
    const reading = readNumber(raw, schema.type === 'integer');
    if ('number' in reading) return reading.number;
    fault(reading.fault);
    return undefined;
  }
  if (schema.format === 'date-time') {
    const time = new Date(raw);
    if (Number.isNaN(time.getTime())) return raw;
    if (localTime(time).slice(0, MINUTES) !== raw.slice(0, MINUTES))
      fault('does not exist in your time zone, where the clocks change then');
    return time.toISOString();
  }
  return raw;
}
