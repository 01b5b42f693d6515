import { expect, test } from 'vitest';
import type { Item, ItemPage, ListQuery } from '../src/api/client';
import { ItemList } from '../src/items/list';

const item = (n: number, more: Partial<Item> = {}): Item => ({
  id: `id-${n}`,
  version: 1,
  name: `Item ${n}`,
  created_at: new Date(n * 1000).toISOString(),
  updated_at: new Date(n * 1000).toISOString(),
  ...more,
});

/** An API with items 1 to `count`, in pages of the requested size. */
class Shelf {
  requested: ListQuery[] = [];
  items: Item[];
  failing = false;

  constructor(count: number) {
    this.items = Array.from({ length: count }, (_, index) => item(index + 1));
  }

  list(query: ListQuery): Promise<ItemPage> {
    this.requested.push(query);
    if (this.failing) return Promise.reject(new Error('no'));
    const all = query.order === 'desc' ? [...this.items].reverse() : this.items;
    const from = Number(query.cursor ?? 0);
    const to = from + (query.limit ?? 25);
    return Promise.resolve({ items: all.slice(from, to), next_cursor: to < all.length ? String(to) : null });
  }
}

const ids = (list: ItemList) => list.store.state.items.map(({ id }) => Number(id.slice(3)));
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);

test('items created at the same moment are all listed, in the order of the API', async () => {
  const shelf = new Shelf(30);
  shelf.items = shelf.items.map((one) => ({ ...one, created_at: item(1).created_at }));
  const list = new ItemList(shelf);
  await list.load();
  expect(ids(list)).toEqual(down(30, 6));
  await list.more();
  expect(ids(list)).toEqual(down(30, 1));
});

test('pages are loaded one after another until the last', async () => {
  const list = new ItemList(new Shelf(60));
  await list.load();
  expect(ids(list)).toEqual(down(60, 36));
  await list.more();
  await list.more();
  expect(ids(list)).toEqual(down(60, 1));
  expect(list.store.state.cursor).toBeNull();
});

test('a page is requested once, however often the end is reached', async () => {
  const shelf = new Shelf(60);
  const list = new ItemList(shelf);
  await list.load();
  await Promise.all([list.more(), list.more(), list.more()]);
  expect(shelf.requested).toHaveLength(2);
});

test('a response for the previous order is ignored', async () => {
  const list = new ItemList(new Shelf(30));
  const before = list.load('desc');
  await list.load('asc');
  await before;
  expect(ids(list)[0]).toBe(1);
  expect(list.store.state.order).toBe('asc');
});

test('a created item is first at once, although the index lags', async () => {
  const shelf = new Shelf(30);
  const list = new ItemList(shelf);
  await list.load();
  list.put(item(31));
  expect(ids(list)[0]).toBe(31);
  await list.load();
  expect(ids(list)[0]).toBe(31);
});

test('a created item appears at the end only once the last page is loaded', async () => {
  const list = new ItemList(new Shelf(30), 'asc');
  await list.load();
  list.put(item(31));
  expect(ids(list)).toEqual(down(25, 1).reverse());
  await list.more();
  expect(ids(list).at(-1)).toBe(31);
});

test('a changed item keeps its newest version, although the index lags', async () => {
  const list = new ItemList(new Shelf(3));
  await list.load();
  list.put(item(2, { version: 2, name: 'Changed' }));
  await list.load();
  expect(list.store.state.items.map(({ name }) => name)).toEqual(['Item 3', 'Changed', 'Item 1']);
});

test('a newer version from the list replaces one written here', async () => {
  const shelf = new Shelf(3);
  const list = new ItemList(shelf);
  list.put(item(2, { version: 2, name: 'Mine' }));
  shelf.items[1] = item(2, { version: 3, name: 'Theirs' });
  await list.load();
  expect(list.store.state.items[1]?.name).toBe('Theirs');
  expect(list.find('id-2')?.version).toBe(3);
});

test('a deleted item does not reappear, although the index lags', async () => {
  const list = new ItemList(new Shelf(3));
  await list.load();
  list.remove('id-2');
  await list.load();
  expect(ids(list)).toEqual([3, 1]);
});

test('a page that fails to load keeps the loaded items, and can be retried', async () => {
  const shelf = new Shelf(30);
  const list = new ItemList(shelf);
  await list.load();
  shelf.failing = true;
  await list.more();
  expect(list.store.state).toMatchObject({ loading: false, error: new Error('no') });
  expect(ids(list)).toHaveLength(25);
  shelf.failing = false;
  await list.more();
  expect(list.store.state.error).toBeNull();
  expect(ids(list)).toHaveLength(30);
});

test('the remaining items are loaded in large pages', async () => {
  const shelf = new Shelf(260);
  const list = new ItemList(shelf);
  await list.load();
  await list.all();
  expect(ids(list)).toHaveLength(260);
  expect(shelf.requested.map(({ limit }) => limit)).toEqual([25, 100, 100, 100]);
});
