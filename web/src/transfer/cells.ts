/** The value of one field as the text of a cell, and back without loss (docs/transfer.md). Knows no file and no column. */
import type { Field } from '../contract/fields';
import { readNumber as readTyped } from '../form/typed';
import { isNumeric, numberOf } from '../json/number';
import { parse, write } from '../json/value';
import { guarded, quoted, unguarded, unquoted } from './escape';

/** What a cell says: a value, undefined for none, or why it cannot be read. */
export type Reading = { value: unknown } | { fault: string };

type Kind = 'text' | 'number' | 'yes-no' | 'words' | 'json';

function kindOf({ control, schema }: Field): Kind {
  switch (control) {
    case 'line':
    case 'text':
      return 'text';
    case 'choice':
      if (schema.type === 'string') return 'text';
      return schema.type === 'integer' || schema.type === 'number' ? 'number' : 'json';
    case 'choices':
      return 'words';
    case 'number':
    case 'yes-no':
    case 'words':
      return control;
    default:
      return 'json';
  }
}

/** Return the cell for a value; the empty text for none. */
export function cellOf(field: Field, value: unknown): string {
  if (value === undefined) return '';
  if (value === null) return 'null';
  const kind = kindOf(field);
  if (kind === 'text' && typeof value === 'string') return guarded(quoted(value));
  if (kind === 'number' && isNumeric(value)) return String(value);
  return (kind === 'words' && joined(value)) || write(value);
}

/** Return `office, lighting`; undefined if the list would be read in another way, and has to be JSON. */
function joined(value: unknown): string | undefined {
  const plain = (entry: unknown) =>
    typeof entry === 'string' && entry.trim() && !/^\s|[,;\r\n]|\s$/.test(entry);
  if (!Array.isArray(value) || !value.length || !value.every(plain)) return undefined;
  const text = value.join(', ');
  return text.startsWith('[') || text === 'null' ? undefined : guarded(text);
}

/**
 * Return what the text of a cell means for a field. A value that its schema does not allow is returned too. With `local`, the file
 * was written for readers of one language, and its numbers are read as the form reads them.
 */
export function readCell(field: Field, cell: string, local = false): Reading {
  const text = unguarded(cell);
  if (!text.trim()) return { value: undefined };
  if (text === 'null' && field.schema.nullable) return { value: null };
  switch (kindOf(field)) {
    case 'text':
      return { value: choiceOf(field, unquoted(text)) };
    case 'number':
      return readNumber(text.trim(), field.schema.type === 'integer', local);
    case 'yes-no':
      return readAnswer(text.trim());
    case 'words':
      return /^\s*\[/.test(text) ? readJson(text) : { value: wordsOf(text) };
    case 'json':
      return readJson(text);
  }
}

/** Return the value of an enum that a text spells, in capitals or not; any other text as it is. */
function choiceOf({ schema }: Field, text: string): string {
  const same = (value: unknown) =>
    typeof value === 'string' && value.toLowerCase() === text.trim().toLowerCase();
  const close = schema.enum?.includes(text) ? [] : (schema.enum ?? []).filter(same);
  return close.length === 1 ? (close[0] as string) : text;
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const INTEGER = /^(-?(?:0|[1-9]\d*))(?:\.0{1,2})?$/; // with decimals where a program has no integers; 1.000 could be a thousand

/** In a file, numbers are as in JSON, so that it means the same everywhere; what is not is read as the form reads what is typed. */
function readNumber(text: string, integer: boolean, local: boolean): Reading {
  const plain = integer ? INTEGER.exec(text)?.[1] : NUMBER.exec(text)?.[0];
  if (plain !== undefined && !local) return { value: numberOf(plain) };
  const read = readTyped(text, integer);
  return 'fault' in read ? read : { value: read.number };
}

function readAnswer(text: string): Reading {
  if (/^(true|yes)$/i.test(text)) return { value: true };
  return /^(false|no)$/i.test(text) ? { value: false } : { fault: 'must be true or false' };
}

function wordsOf(text: string): string[] {
  return text
    .split(/[,;\r\n]/)
    .map((word) => word.trim())
    .filter(Boolean);
}

function readJson(text: string): Reading {
  try {
    return { value: parse(text) };
  } catch {
    return { fault: 'must be JSON, for example ["a", "b"] or {"a": "b"}' };
  }
}
