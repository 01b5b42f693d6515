/** What an import would create: each record of a file as content, with its faults. Pure; knows no API. */
import type { Schema } from '../contract/schema';
import { type Fault, faults as faultsOf } from '../contract/validate';
import { isObject, type Json, own } from '../json/value';
import { readCell } from './cells';
import type { Column, Columns } from './columns';
import type { Cell, Record, Source } from './source';

/** Where a column of the file goes: to a field, to the id, which recognises what exists, or nowhere. */
export type Target = Column | 'id' | null;

export interface Row {
  place: number;
  cells: Cell[];
  content: Json;
  faults: Fault[];
  /** Of the resource that was exported; null if the file has none. */
  id: string | null;
}

/** Return the likely target of each header; no two have the same one. */
export function targetsOf(columns: Columns, headers: string[]): Target[] {
  const taken = new Set<string>();
  return headers.map((header) => {
    const target = header.trim() === 'id' ? 'id' : (columns.meant(header) ?? null);
    const name = nameOf(target);
    if (taken.has(name)) return null;
    if (target) taken.add(name);
    return target;
  });
}

/** Return a text that tells targets apart. */
export function nameOf(target: Target): string {
  return target === null || target === 'id' ? (target ?? '') : JSON.stringify(target.steps);
}

export function rowsOf(source: Source, targets: Target[], schema: Schema): Row[] {
  const reader = readerOf(source);
  return source.records.map((record) => rowOf(record, targets, schema, reader));
}

function rowOf(record: Record, targets: Target[], schema: Schema, read: Reader): Row {
  const wrong: Fault[] = [];
  let content: Json = {};
  let id: string | null = null;
  targets.forEach((target, index) => {
    const cell = record.cells[index];
    if (target === 'id') id = typeof cell === 'string' && cell.trim() ? cell.trim() : null;
    else if (target) content = put(content, target, read(target, cell), wrong);
  });
  const unread = new Set(wrong.map(({ pointer }) => pointer));
  const judged = faultsOf(content, schema).filter(({ pointer }) => !unread.has(pointer));
  return { place: record.place, cells: record.cells, content, faults: [...wrong, ...judged], id };
}

type Put = { value: unknown } | { fault: string };
type Reader = (column: Column, cell: Cell) => Put;

/** Spreadsheets write semicolons for readers whose decimals have a comma. */
function readerOf({ format, separator }: Source): Reader {
  if (format === 'json') return fromJson;
  return ({ field }, cell) => readCell(field, typeof cell === 'string' ? cell : '', separator === ';');
}

/** A null where the field takes none is no value: many programs write it for what is not set. */
function fromJson({ field }: Column, cell: Cell): Put {
  const none = cell === null && !field.schema.nullable && field.schema.type !== undefined;
  return { value: none ? undefined : cell };
}

function put(content: Json, { steps, field }: Column, read: Put, wrong: Fault[]): Json {
  if ('fault' in read) {
    wrong.push({ pointer: field.pointer, detail: read.fault });
    return content;
  }
  if (read.value === undefined) return content;
  try {
    return withValue(content, steps, read.value);
  } catch (error) {
    if (!(error instanceof GivenTwice)) throw error;
    wrong.push({ pointer: field.pointer, detail: 'is given both as a whole and by its parts' });
    return content;
  }
}

class GivenTwice extends Error {}

/** Return the object with a value put at a place within it. Throws GivenTwice if something is there. */
function withValue(object: Json, [step = '', ...rest]: string[], value: unknown): Json {
  const before = own(object, step);
  if (before !== undefined && (!rest.length || !isObject(before))) throw new GivenTwice();
  const inner = rest.length ? withValue(before ?? {}, rest, value) : value;
  return Object.fromEntries([...Object.entries(object), [step, inner]]);
}
