/** Resources as the text of a CSV or JSON file (docs/transfer.md), with all digits of their numbers. Knows no markup. */
import Papa from 'papaparse';
import type { Resource } from '../api/client';
import { service } from '../contract/service';
import { fields, SYSTEM } from '../list/content';
import { type Json, own, write } from '../json/value';
import { Columns } from './columns';
import { download } from './download';
import { tableOf } from './table';

export type Format = 'csv' | 'json';

const MARK = '\ufeff'; // without it, spreadsheets do not read a file as UTF-8
const TYPES: Record<Format, string> = { csv: 'text/csv', json: 'application/json' };

/** Save a file with these resources. */
export function exportEntries(entries: Resource[], format: Format): void {
  const columns = new Columns(fields);
  const text = format === 'csv' ? csvOf(columns, entries) : jsonOf(entries);
  const day = new Date().toISOString().slice(0, 10);
  download(`${service.collection}-${day}.${format}`, TYPES[format], text);
}

/** Return the text of a CSV file: RFC 4180, in UTF-8. */
export function csvOf(columns: Columns, values: Json[]): string {
  const { headers, rows } = tableOf(columns, values);
  const system = SYSTEM.filter((name) => values.some((value) => own(value, name) !== undefined));
  const set = values.map((value) => system.map((name) => spelled(own(value, name))));
  return spelledCsv([[...headers, ...system], ...rows.map((row, index) => [...row, ...(set[index] ?? [])])]);
}

export function spelledCsv(rows: string[][]): string {
  return `${MARK}${Papa.unparse(rows, { newline: '\r\n' })}\r\n`;
}

/** Return the text of a JSON file: an array with one object a line. */
export function jsonOf(values: Json[]): string {
  return values.length ? `[\n${values.map((value) => write(value)).join(',\n')}\n]\n` : '[]\n';
}

function spelled(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : write(value);
}

/** Save a CSV file with the headers of all fields and nothing below them. */
export function downloadTemplate(): void {
  const columns = new Columns(fields);
  download(`${service.collection}.csv`, TYPES.csv, spelledCsv([tableOf(columns, []).headers]));
}
