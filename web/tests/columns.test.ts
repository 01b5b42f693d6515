import { expect, test } from 'vitest';
import type { Resource } from '../src/api/client';
import { nameOf } from '../src/list/content';
import {
  allColumns,
  columnsFor,
  defaultKeys,
  FACTS,
  fitting,
  keyColumns,
  lineOf,
  propertyOf,
  TITLE,
  valueIn,
  withColumn,
} from '../src/resource/columns';

const entry = (content: object): Resource => ({
  id: '0b9e4b1e-0000-4000-8000-000000000000',
  version: 1,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-02T00:00:00Z',
  ...content,
});
const keys = (columns: { key: string }[]) => columns.map(({ key }) => key);

test('every field and every fact can be a column, a field within an object too', () => {
  expect(TITLE.key).toBe('/name');
  expect(keys(allColumns(FACTS))).toEqual([
    ...['/quantity', '/note', '/tags', '/box/shelf_number', '/box/label'],
    ...['created_at', 'updated_at', 'version', 'id'],
  ]);
  expect(allColumns(FACTS).find(({ key }) => key === '/box/label')?.title).toBe('Box › Label');
});

test('somebody who chose no columns gets short fields, a long text and the time of creation', () => {
  expect(defaultKeys(FACTS)).toEqual(['/quantity', '/tags', '/note', 'created_at']);
});

test('a column that the contract does not know any more is left out', () => {
  expect(keys(columnsFor(['/quantity', '/gone', '/tags/x', 'id'], FACTS))).toEqual(['/quantity', 'id']);
});

test('a column has the value of its field, of a field within an object, or what the service set', () => {
  const one = entry({ quantity: 3, box: { label: 'B' } });
  const values = columnsFor(['/quantity', '/box/label', '/box/shelf_number', 'version'], FACTS);
  expect(values.map((column) => valueIn(one, column))).toEqual([3, 'B', undefined, 1]);
  expect(values.map(propertyOf)).toEqual(['quantity', 'box/label', 'box/shelf_number', 'version']);
});

test('a text of several lines is one line in a cell, and not longer than can be seen', () => {
  expect(lineOf('a\nb')).toBe('a · b');
  expect(lineOf('x'.repeat(1000))).toHaveLength(300);
});

test('columns that do not fit are left out from the end, a time last, and a narrow table has none', () => {
  const all = columnsFor(['/quantity', '/tags', '/note', 'created_at'], FACTS);
  expect(fitting(all, 80)).toEqual(all);
  expect(keys(fitting(all, 50))).toEqual(['/quantity', '/tags', 'created_at']);
  expect(keys(fitting(all, 40))).toEqual(['/quantity', 'created_at']);
  expect(fitting(all, 39)).toEqual([]);
});

test('a new column comes before the times', () => {
  const columns = columnsFor(['/quantity', 'created_at'], FACTS);
  const more = (key: string) => keys(columnsFor([key], FACTS).reduce(withColumn, columns));
  expect(more('/note')).toEqual(['/quantity', '/note', 'created_at']);
  expect(more('updated_at')).toEqual(['/quantity', 'created_at', 'updated_at']);
});

test('a contract without a map of texts has no columns for keys', () => {
  expect(keyColumns([entry({ box: { label: 'B' }, tags: ['x'] })])).toEqual([]);
});

test.each(['', ' \n', '\u200b', '\u2800', '\u3164', '\u202e', '\u00ad\ufeff'])(
  'a name of which nothing is visible (%j) is replaced by the ID',
  (name) => {
    const one = entry({ name });
    expect(nameOf(one)).toBe(one.id);
  },
);

test.each(['.', '\u200bx', '👍', 'ﷺ'])('a name with something visible (%j) stays', (name) => {
  expect(nameOf(entry({ name }))).toBe(name);
});
