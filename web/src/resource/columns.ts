/** Which columns a table can have, according to the contract, and which of them fit. Knows no markup and no entry but by reading it. */
import type { Resource } from '../api/client';
import { textOf } from '../contract/schema';
import { capitalised, service } from '../contract/service';
import type { Control, Field } from '../contract/fields';
import { isObject, own, pointerTo, stepsOf } from '../json/value';
import { fields, title } from '../list/content';

export type Kind = 'number' | 'mark' | 'line' | 'words' | 'text' | 'time' | 'other';

export interface Column {
  /** Of content, its JSON Pointer; of what the service sets, its name. */
  key: string;
  title: string;
  kind: Kind;
  /** The field that its values are of; a key of a map and what the service sets have none. */
  field?: Field;
}

/** What the service sets, as a column. */
export interface Fact {
  property: string;
  title: string;
  kind: Kind;
  /** Whether it is a column for somebody who chose none. */
  usual?: true;
}

/** What every resource has. */
export const FACTS: Fact[] = [
  { property: 'created_at', title: 'Created', kind: 'time', usual: true },
  { property: 'updated_at', title: 'Updated', kind: 'time' },
  { property: 'version', title: 'Version', kind: 'number' },
  { property: 'id', title: 'ID', kind: 'line' },
];

const KINDS: Record<Control, Kind> = {
  number: 'number',
  choice: 'mark',
  'yes-no': 'mark',
  line: 'line',
  words: 'words',
  choices: 'words',
  text: 'text',
  pairs: 'other',
  group: 'other',
  json: 'other',
};

export const TITLE: Column = title
  ? columnOf(title)
  : { key: 'id', title: capitalised(service.singular), kind: 'line' };

function columnOf(field: Field, within = ''): Column {
  return { key: field.pointer, title: within + field.title, kind: KINDS[field.control], field };
}

/** Return a column for each field; a group has one for each of its fields instead. */
function columnsOf(fields: Field[], within = ''): Column[] {
  return fields.flatMap((field) =>
    field.fields.length ? columnsOf(field.fields, `${within}${field.title} › `) : [columnOf(field, within)],
  );
}

const factColumn = ({ property, title, kind }: Fact): Column => ({ key: property, title, kind });

/** Return every column that the contract gives, besides the title. */
export function allColumns(facts: Fact[]): Column[] {
  return [...columnsOf(fields).filter(({ key }) => key !== TITLE.key), ...facts.map(factColumn)];
}

/** Return a column for each key of a map of texts that the entries have, those that most of them have first. */
export function keyColumns(entries: Resource[]): Column[] {
  const counts = new Map<string, number>();
  for (const { name, pointer } of fields.filter(({ control }) => control === 'pairs')) {
    for (const entry of entries) {
      const map = own(entry, name);
      if (!isObject(map)) continue;
      for (const key of Object.keys(map)) {
        const found = pointerTo(pointer, key);
        counts.set(found, (counts.get(found) ?? 0) + 1);
      }
    }
  }
  const keys = [...counts].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
  return keys.map(([key]) => keyColumn(key)).filter((column) => column !== undefined);
}

function keyColumn(pointer: string): Column | undefined {
  const [name = '', key = '', ...deeper] = stepsOf(pointer);
  const map = fields.find((field) => field.name === name && field.control === 'pairs');
  return map && !deeper.length ? { key: pointer, title: key, kind: 'line' } : undefined;
}

const SHORT: Kind[] = ['number', 'mark', 'line', 'words'];
const SHORTS = 3;

/** Return the columns of content for somebody who chose none: short fields, numbers first, then a long text; or else any. */
export function usualColumns(fields: Field[], title: Field | undefined): Column[] {
  const others = fields.filter((field) => field !== title && !field.fields.length);
  const all = others.map((field) => columnOf(field));
  const short = all.filter(({ kind }) => SHORT.includes(kind));
  const some = (short.length || title ? short : all).slice(0, SHORTS);
  const numbers = some.filter(({ kind }) => kind === 'number');
  const text = all.find((column) => column.kind === 'text' && !some.includes(column));
  return [...numbers, ...some.filter((column) => !numbers.includes(column)), ...(text ? [text] : [])];
}

/** Return the keys of the columns for somebody who chose none. */
export function defaultKeys(facts: Fact[]): string[] {
  const usual = facts.filter((fact) => fact.usual).map(({ property }) => property);
  return [...usualColumns(fields, title).map(({ key }) => key), ...usual];
}

/** Return the columns of these keys, without those that the contract does not know any more. */
export function columnsFor(keys: string[], facts: Fact[]): Column[] {
  const all = allColumns(facts);
  return keys
    .map((key) => all.find((column) => column.key === key) ?? keyColumn(key))
    .filter((column) => column !== undefined);
}

/** Return the columns with one more: times stay at the end. */
export function withColumn(columns: Column[], more: Column): Column[] {
  const times = columns.findIndex(({ kind }) => kind === 'time');
  const place = times < 0 || more.kind === 'time' ? columns.length : times;
  return [...columns.slice(0, place), more, ...columns.slice(place)];
}

/** Return the value that an entry has in a column. */
export function valueIn(entry: Resource, { key }: Column): unknown {
  if (!key.startsWith('/')) return own(entry, key);
  return stepsOf(key).reduce<unknown>(
    (value, step) => (isObject(value) ? own(value, step) : undefined),
    entry,
  );
}

/** Return what a view calls the column: the steps of its JSON Pointer without the first slash, or its name. */
export function propertyOf({ key }: Column): string {
  return key.replace(/^\//, '');
}

const LONGEST = 300; // characters in a cell: what is beyond is never visible

/** Return a value on one line. */
export function lineOf(value: unknown): string {
  return textOf(value).slice(0, LONGEST).replaceAll('\n', ' · ');
}

/** In rem, the least width; and the share of what is left. */
const WIDTHS: Record<Kind, [number, number]> = {
  number: [7, 0],
  mark: [7, 0.7],
  line: [8, 1.2],
  words: [14, 2.4],
  text: [11, 2.6],
  time: [7.5, 0.4],
  other: [10, 1.8],
};
const [PICK, NAME, ACT] = [2.75, 13, 3];
const NARROW = 40; // below, a row has two lines instead of columns

/** Return the columns that fit into a width in rem: a time stays longest. */
export function fitting(columns: Column[], width: number): Column[] {
  if (width < NARROW) return [];
  const shown = [...columns];
  const needed = () => shown.reduce((sum, { kind }) => sum + WIDTHS[kind][0], PICK + NAME + ACT);
  while (shown.length && needed() > width) {
    const last = shown.findLastIndex(({ kind }) => kind !== 'time');
    shown.splice(last < 0 ? shown.length - 1 : last, 1);
  }
  return shown;
}

/** Return the widths as CSS takes them. */
export function template(columns: Column[], act = ACT): string {
  const parts = columns.map(({ kind: of }) => `minmax(${WIDTHS[of][0]}rem, ${WIDTHS[of][1]}fr)`);
  return [`${PICK}rem`, `minmax(0, 2.4fr)`, ...parts, `${act}rem`].join(' ');
}
