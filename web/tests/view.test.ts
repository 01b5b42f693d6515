import { expect, test } from 'vitest';
import type { Resource } from '../src/api/client';
import { parse } from '../src/json/value';
import { NEWEST, queryOf, viewOf } from '../src/list/address';
import { needsAll, shown, type View } from '../src/list/view';

const order = (n: number, more: Record<string, unknown> = {}): Resource => ({
  id: `id-${n}`,
  version: 1,
  created_at: new Date(n * 1000).toISOString(),
  updated_at: new Date(n * 1000).toISOString(),
  ...more,
});
const all: View = { search: '', sort: NEWEST, filters: [] };
const found = (entries: Resource[], view: Partial<View>) =>
  shown(entries, { ...all, ...view }).map(({ id }) => Number(id.slice(3)));

const shelf = [
  order(5, { name: 'Lampe à pied', quantity: 1000, tags: ['office', 'lighting'] }),
  order(4, { name: 'STRASSE', quantity: 7, tags: [], note: null }),
  order(3, {
    name: 'Straße',
    quantity: parse('12345678901234567890'),
    box: { shelf_number: 3, label: 'Øst' },
  }),
  order(2, { name: 'Desk 10', tags: ['home office'] }),
  order(1, { name: 'desk 9', quantity: -0.5 }),
];

test.each([
  ['name', []],
  ['quantity', []],
  ['shelf_number', []],
  ['label', []],
  ['null', []],
  ['LAMPE A PIED', [5]],
  ['pied lampe', [5]],
  ['à', [5, 4, 3]],
  ['strasse', [4, 3]],
  ['straße', [4, 3]],
  ['ost', [3]],
  ['1000', [5]],
  [(1000).toLocaleString(), [5]],
  ['12345678901234567890', [3]],
  ['office', [5, 2]],
  ['id-2', [2]],
  ['lampe nowhere', []],
])('a search for %j looks at values as stored and as shown, not at names', (search, expected) => {
  expect(found(shelf, { search })).toEqual(expected);
});

test.each([
  [{ property: 'quantity', descending: false }, [1, 4, 5, 3, 2]],
  [{ property: 'quantity', descending: true }, [3, 5, 4, 1, 2]],
  [{ property: 'name', descending: false }, [1, 2, 5, 4, 3]],
  [{ property: 'box/shelf_number', descending: true }, [3, 5, 4, 2, 1]],
  [{ property: 'updated_at', descending: false }, [1, 2, 3, 4, 5]],
  [{ property: 'nothing', descending: true }, [5, 4, 3, 2, 1]],
  [NEWEST, [5, 4, 3, 2, 1]],
])('sorted by %j, entries without a value come last', (sort, expected) => {
  expect(found(shelf, { sort })).toEqual(expected);
});

test.each([
  [{ field: 'tags', operator: 'has', value: 'office' }, [5]],
  [{ field: 'name', operator: 'has', value: 'DESK' }, [2, 1]],
  [{ field: 'name', operator: 'is', value: 'desk 9' }, [1]],
  [{ field: 'quantity', operator: 'is', value: '1000' }, [5]],
  [{ field: 'quantity', operator: 'is', value: '1e3' }, [5]],
  [{ field: 'quantity', operator: 'min', value: '7' }, [5, 4, 3]],
  [{ field: 'quantity', operator: 'max', value: '7' }, [4, 1]],
  [{ field: 'quantity', operator: 'min', value: '12345678901234567890' }, [3]],
  [{ field: 'quantity', operator: 'min', value: 'many' }, []],
  [{ field: 'box/shelf_number', operator: 'is', value: '3' }, [3]],
  [{ field: 'box', operator: 'has', value: 'label' }, [3]],
  [{ field: 'note', operator: 'empty', value: '' }, [5, 4, 3, 2, 1]],
  [{ field: 'tags', operator: 'empty', value: '' }, [4, 3, 1]],
  [{ field: 'tags', operator: 'empty', value: 'no' }, [5, 2]],
  [{ field: 'created_at', operator: 'min', value: '1970-01-02' }, []],
  [{ field: 'unknown', operator: 'is', value: 'x' }, []],
] as const)('the filter %j keeps what it says', (filter, expected) => {
  expect(found(shelf, { filters: [filter] })).toEqual(expected);
});

test('a day as a limit includes the whole day', () => {
  const day = [order(1, { created_at: new Date(2026, 0, 31, 23, 59).toISOString() })];
  const limits = (operator: 'min' | 'max', value: string) =>
    found(day, { filters: [{ field: 'created_at', operator, value }] });
  expect(limits('min', '2026-01-31')).toEqual([1]);
  expect(limits('max', '2026-01-31')).toEqual([1]);
  expect(limits('max', '2026-01-30')).toEqual([]);
  expect(limits('min', '2026-02-01')).toEqual([]);
});

test('search, filters and order work together', () => {
  const view: Partial<View> = {
    search: 'desk',
    sort: { property: 'name', descending: true },
    filters: [{ field: 'tags', operator: 'empty', value: 'no' }],
  };
  expect(found(shelf, view)).toEqual([2]);
});

const VIEWS: [string, Partial<View>][] = [
  ['', {}],
  ['search=lamp', { search: 'lamp' }],
  ['search=50%25+off%3F%26', { search: '50% off?&' }],
  ['sort=quantity', { sort: { property: 'quantity', descending: false } }],
  ['sort=created_at', { sort: { property: 'created_at', descending: false } }],
  ['sort=-box%2Fshelf_number', { sort: { property: 'box/shelf_number', descending: true } }],
  ['filter=tags:has:office', { filters: [{ field: 'tags', operator: 'has', value: 'office' }] }],
  ['filter=a%253Ab:is:1%253A%25252', { filters: [{ field: 'a:b', operator: 'is', value: '1:%2' }] }],
  [
    'search=x&sort=-updated_at&filter=quantity:min:5&filter=note:empty:',
    {
      search: 'x',
      sort: { property: 'updated_at', descending: true },
      filters: [
        { field: 'quantity', operator: 'min', value: '5' },
        { field: 'note', operator: 'empty', value: '' },
      ],
    },
  ],
];

test.each(VIEWS)('the query %j is a view, and back', (query, part) => {
  expect(viewOf(query)).toEqual({ ...all, ...part });
  expect(queryOf({ ...all, ...part })).toBe(query);
});

test.each(['sort=', 'sort=-', 'filter=', 'filter=tags', 'filter=tags:like:x', 'filter=:is:x', 'other=1'])(
  'what is not readable in %j is left out',
  (query) => {
    expect(viewOf(query)).toEqual(all);
  },
);

test('only a view of everything, in the order of creation, is true before everything is loaded', () => {
  expect(needsAll(all)).toBe(false);
  expect(needsAll({ ...all, sort: { property: 'created_at', descending: false } })).toBe(false);
  expect(needsAll({ ...all, search: ' ' })).toBe(false);
  expect(needsAll({ ...all, search: 'x' })).toBe(true);
  expect(needsAll({ ...all, sort: { property: 'updated_at', descending: true } })).toBe(true);
  expect(needsAll({ ...all, filters: [{ field: 'tags', operator: 'has', value: 'x' }] })).toBe(true);
});
