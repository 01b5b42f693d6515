/** A CSV or JSON file as headers and records. Knows no field. */
import Papa from 'papaparse';
import { Explained } from '../api/problem';
import { service } from '../contract/service';
import { isObject, type Json, own, parse } from '../json/value';

/** What a file has in one place: text in CSV, any value in JSON; undefined for nothing. */
export type Cell = unknown;

export interface Source {
  file: string;
  format: 'csv' | 'json';
  /** Between the cells of CSV; empty for JSON. */
  separator: string;
  /** Why the file may be read wrongly; empty if nothing speaks for that. */
  doubt: string;
  headers: string[];
  records: Record[];
}

export interface Record {
  /** The row as a spreadsheet counts them, with the headers in row 1; in JSON, the number of the entry, or its line. */
  place: number;
  cells: Cell[];
}

/** The file cannot be read; the message says what to do. */
export class BadFile extends Explained {}

export const SEPARATORS: [string, string][] = [
  [',', 'Comma'],
  [';', 'Semicolon'],
  ['\t', 'Tab'],
  ['|', 'Bar'],
];

/** Read the text of a file. Without a separator, it is found out from the first line. Throws BadFile. */
export function sourceOf(file: string, text: string, separator?: string): Source {
  const bare = text.replace(/^\ufeff/, '');
  if (!bare.trim()) throw new BadFile('The file is empty.');
  const json =
    /\.(json|jsonl|ndjson)$/i.test(file) || (!/\.(csv|tsv|txt)$/i.test(file) && /^\s*[[{]/.test(bare));
  const source = json ? fromJson(file, bare) : fromCsv(file, bare, separator ?? separatorOf(bare));
  if (!source.records.length)
    throw new BadFile(json ? 'The file has no entries.' : 'The file has headers, but no rows below them.');
  return source;
}

function fromCsv(file: string, text: string, separator: string): Source {
  const { data, errors } = Papa.parse<string[]>(text, { delimiter: separator });
  const [headers = [], ...rows] = data;
  const records = rows
    .map((cells, index) => ({ place: index + 2, cells }))
    .filter(({ cells }) => cells.some((cell) => cell.trim()));
  const longer = records.find(({ cells }) => cells.slice(headers.length).some((cell) => cell.trim()));
  const quotes = errors.find(({ type }) => type === 'Quotes');
  return {
    ...{ file, format: 'csv', separator, headers, records },
    doubt: quotes
      ? `A quotation mark is not closed, or has text after it, near row ${(quotes.row ?? 0) + 1}. Check the last rows below.`
      : longer
        ? `Row ${longer.place} has more cells than the header. Check the separator.`
        : '',
  };
}

/** Return the separator that makes the most of the first line. */
function separatorOf(text: string): string {
  const fields = (delimiter: string) =>
    Papa.parse<string[]>(text, { delimiter, preview: 1 }).data[0]?.length ?? 0;
  return SEPARATORS.map(([one]) => one).reduce((best, one) => (fields(one) > fields(best) ? one : best));
}

function fromJson(file: string, text: string): Source {
  const { entries, firstPlace } = entriesOf(text);
  const other = entries.findIndex(({ value }) => !isObject(value));
  if (other >= 0) throw new BadFile(`Entry ${firstPlace + other} of the file is not a JSON object.`);
  const objects = entries.map(({ place, value }) => ({ place, value: value as Json }));
  const headers = [...new Set(objects.flatMap(({ value }) => Object.keys(value)))];
  return {
    ...{ file, format: 'json', separator: '', doubt: '', headers },
    records: objects.map(({ place, value }) => ({ place, cells: headers.map((name) => own(value, name)) })),
  };
}

interface Entries {
  entries: { place: number; value: unknown }[];
  firstPlace: number;
}

/** Return the entries of an array, of a page as the API returns it, of an object alone, or of lines with one object each. */
function entriesOf(text: string): Entries {
  const whole = tried(text);
  if (whole === undefined) return linesOf(text);
  const page = isObject(whole) ? own(whole, service.page) : undefined;
  const values: unknown[] = Array.isArray(whole) ? whole : Array.isArray(page) ? page : [whole];
  return { entries: values.map((value, index) => ({ place: index + 1, value })), firstPlace: 1 };
}

function linesOf(text: string): Entries {
  const lines = text.split(/\r?\n/).map((line, index) => ({ place: index + 1, line: line.trim() }));
  const entries = lines.filter(({ line }) => line).map(({ place, line }) => ({ place, value: tried(line) }));
  const broken = entries.find(({ value }) => value === undefined);
  if (broken && entries.length > 1 && entries[0]?.value !== undefined)
    throw new BadFile(`Line ${broken.place} of the file is not JSON.`);
  if (broken)
    throw new BadFile('The file is not JSON: it is cut off, or has a character that does not belong there.');
  return { entries, firstPlace: 1 };
}

function tried(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
