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

/** An API with items 1 to `count`, in pages as long as is asked for. */
class Shelf {
  asked: ListQuery[] = [];
  items: Item[];
  failing = false;

  constructor(count: number) {
    this.items = Array.from({ length: count }, (_, index) => item(index + 1));
  }

  list(query: ListQuery): Promise<ItemPage> {
    this.asked.push(query);
    if (this.failing) return Promise.reject(new Error('no'));
    const all = query.order === 'desc' ? [...this.items].reverse() : this.items;
    const from = Number(query.cursor ?? 0);
    const to = from + (query.limit ?? 25);
    return Promise.resolve({ items: all.slice(from, to), next_cursor: to < all.length ? String(to) : null });
  }
}

const ids = (list: ItemList) => list.store.state.items.map(({ id }) => Number(id.slice(3)));
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);

test('items of the same moment are all there, in the order of the API', async () => {
  const shelf = new Shelf(30);
  shelf.items = shelf.items.map((one) => ({ ...one, created_at: item(1).created_at }));
  const list = new ItemList(shelf);
  await list.load();
  expect(ids(list)).toEqual(down(30, 6));
  await list.more();
  expect(ids(list)).toEqual(down(30, 1));
});

test('pages follow each other until the last', async () => {
  const list = new ItemList(new Shelf(60));
  await list.load();
  expect(ids(list)).toEqual(down(60, 36));
  await list.more();
  await list.more();
  expect(ids(list)).toEqual(down(60, 1));
  expect(list.store.state.cursor).toBeNull();
});

test('a page is asked for once, however often the end is reached', async () => {
  const shelf = new Shelf(60);
  const list = new ItemList(shelf);
  await list.load();
  await Promise.all([list.more(), list.more(), list.more()]);
  expect(shelf.asked).toHaveLength(2);
});

test('an answer to the order before is dropped', async () => {
  const list = new ItemList(new Shelf(30));
  const before = list.load('desc');
  await list.load('asc');
  await before;
  expect(ids(list)[0]).toBe(1);
  expect(list.store.state.order).toBe('asc');
});

test('what was created is first at once, though the index lags', async () => {
  const shelf = new Shelf(30);
  const list = new ItemList(shelf);
  await list.load();
  list.put(item(31));
  expect(ids(list)[0]).toBe(31);
  await list.load();
  expect(ids(list)[0]).toBe(31);
});

test('what was created shows at the end only when the end is loaded', async () => {
  const list = new ItemList(new Shelf(30), 'asc');
  await list.load();
  list.put(item(31));
  expect(ids(list)).toEqual(down(25, 1).reverse());
  await list.more();
  expect(ids(list).at(-1)).toBe(31);
});

test('what was changed keeps its newest version, though the index lags', async () => {
  const list = new ItemList(new Shelf(3));
  await list.load();
  list.put(item(2, { version: 2, name: 'Changed' }));
  await list.load();
  expect(list.store.state.items.map(({ name }) => name)).toEqual(['Item 3', 'Changed', 'Item 1']);
});

test('a newer version of the list wins over what was written here', async () => {
  const shelf = new Shelf(3);
  const list = new ItemList(shelf);
  list.put(item(2, { version: 2, name: 'Mine' }));
  shelf.items[1] = item(2, { version: 3, name: 'Theirs' });
  await list.load();
  expect(list.store.state.items[1]?.name).toBe('Theirs');
  expect(list.find('id-2')?.version).toBe(3);
});

test('what was deleted does not come back, though the index lags', async () => {
  const list = new ItemList(new Shelf(3));
  await list.load();
  list.remove('id-2');
  await list.load();
  expect(ids(list)).toEqual([3, 1]);
});

test('a page that fails leaves what is there, and can be tried again', async () => {
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

test('all that is left is read in large pages', async () => {
  const shelf = new Shelf(260);
  const list = new ItemList(shelf);
  await list.load();
  await list.all();
  expect(ids(list)).toHaveLength(260);
  expect(shelf.asked.map(({ limit }) => limit)).toEqual([25, 100, 100, 100]);
});
