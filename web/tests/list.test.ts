import { expect, test } from 'vitest';
import type { ListQuery, Page, Resource } from '../src/api/client';
import { Refused } from '../src/api/problem';
import { ResourceList } from '../src/list/list';

const order = (n: number, more: Partial<Resource> = {}): Resource => ({
  id: `id-${n}`,
  version: 1,
  name: `Order ${n}`,
  created_at: new Date(n * 1000).toISOString(),
  updated_at: new Date(n * 1000).toISOString(),
  ...more,
});

/** An API with orders 1 to `count`, in pages of the requested size. What is `hidden` has not reached its list yet. */
class Shelf {
  hidden: Resource[] = [];
  looked: string[] = [];
  requested: ListQuery[] = [];
  entries: Resource[];
  failing = false;

  constructor(count: number) {
    this.entries = Array.from({ length: count }, (_, index) => order(index + 1));
  }

  get(id: string): Promise<Resource | null> {
    this.looked.push(id);
    const found = [...this.entries, ...this.hidden].find((entry) => entry.id === id);
    return found ? Promise.resolve(found) : Promise.reject(notFound());
  }

  list(query: ListQuery): Promise<Page> {
    this.requested.push(query);
    if (this.failing) return Promise.reject(new Error('no'));
    const all = query.order === 'desc' ? [...this.entries].reverse() : this.entries;
    const from = Number(query.cursor ?? 0);
    const to = from + (query.limit ?? 25);
    return Promise.resolve({
      entries: all.slice(from, to),
      next_cursor: to < all.length ? String(to) : null,
    });
  }
}

const notFound = () =>
  new Refused({ type: 'x', title: 'Not Found', status: 404, detail: 'No.', request_id: '' }, null, false);

const ids = (list: ResourceList) => list.store.state.entries.map(({ id }) => Number(id.slice(3)));
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);

test('orders created at the same moment are all listed, in the order of the API', async () => {
  const shelf = new Shelf(30);
  shelf.entries = shelf.entries.map((one) => ({ ...one, created_at: order(1).created_at }));
  const list = new ResourceList(shelf);
  await list.load();
  expect(ids(list)).toEqual(down(30, 6));
  await list.more();
  expect(ids(list)).toEqual(down(30, 1));
});

test('pages are loaded one after another until the last', async () => {
  const list = new ResourceList(new Shelf(60));
  await list.load();
  expect(ids(list)).toEqual(down(60, 36));
  await list.more();
  await list.more();
  expect(ids(list)).toEqual(down(60, 1));
  expect(list.store.state.cursor).toBeNull();
});

test('a page is requested once, however often the end is reached', async () => {
  const shelf = new Shelf(60);
  const list = new ResourceList(shelf);
  await list.load();
  await Promise.all([list.more(), list.more(), list.more()]);
  expect(shelf.requested).toHaveLength(2);
});

test('a response for the previous order is ignored', async () => {
  const list = new ResourceList(new Shelf(30));
  const before = list.load('desc');
  await list.load('asc');
  await before;
  expect(ids(list)[0]).toBe(1);
  expect(list.store.state.order).toBe('asc');
});

test('a created order is first at once, although the index lags', async () => {
  const shelf = new Shelf(30);
  const list = new ResourceList(shelf);
  await list.load();
  shelf.hidden = [order(31)];
  list.put(order(31));
  expect(ids(list)[0]).toBe(31);
  await list.load();
  expect(ids(list)[0]).toBe(31);
});

test('an order that is read while the first page loads is listed with that page', async () => {
  const list = new ResourceList(new Shelf(3));
  const loading = list.load();
  list.put(order(4));
  expect(ids(list)).toEqual([]);
  await loading;
  expect(ids(list)).toEqual([4, 3, 2, 1]);
});

test('a created order appears at the end only once the last page is loaded', async () => {
  const shelf = new Shelf(30);
  shelf.hidden = [order(31)];
  const list = new ResourceList(shelf, 'asc');
  await list.load();
  list.put(order(31));
  expect(ids(list)).toEqual(down(25, 1).reverse());
  await list.more();
  expect(ids(list).at(-1)).toBe(31);
});

test('a changed order keeps its newest version, although the index lags', async () => {
  const list = new ResourceList(new Shelf(3));
  await list.load();
  list.put(order(2, { version: 2, name: 'Changed' }));
  await list.load();
  expect(list.store.state.entries.map(({ name }) => name)).toEqual(['Order 3', 'Changed', 'Order 1']);
});

test('a newer version from the list replaces one written here', async () => {
  const shelf = new Shelf(3);
  const list = new ResourceList(shelf);
  list.put(order(2, { version: 2, name: 'Mine' }));
  shelf.entries[1] = order(2, { version: 3, name: 'Theirs' });
  await list.load();
  expect(list.store.state.entries[1]?.name).toBe('Theirs');
  expect(list.find('id-2')?.version).toBe(3);
});

test('a deleted order does not reappear, although the index lags', async () => {
  const list = new ResourceList(new Shelf(3));
  await list.load();
  list.remove(order(2));
  await list.load();
  expect(ids(list)).toEqual([3, 1]);
});

test('what was restored is listed again at its new version', async () => {
  const shelf = new Shelf(3);
  const list = new ResourceList(shelf);
  await list.load();
  list.remove(order(2));
  shelf.entries[1] = order(2, { version: 2 });
  await list.load();
  expect(ids(list)).toEqual([3, 2, 1]);
});

test('an empty page is not the end: the next one with something in it is loaded', async () => {
  const cursors = ['a', 'b', null];
  const asked: ListQuery[] = [];
  const trash = new ResourceList(
    {
      get: () => Promise.resolve(null),
      list: (query) => {
        asked.push(query);
        const next_cursor = cursors.shift() ?? null;
        return Promise.resolve({ entries: next_cursor === 'b' ? [order(1)] : [], next_cursor });
      },
    },
    ...(['desc', true] as const),
  );
  await trash.load();
  expect(ids(trash)).toEqual([1]);
  expect(asked.map(({ cursor, deleted }) => [cursor, deleted])).toEqual([
    [undefined, true],
    ['a', true],
  ]);
  await trash.more();
  expect(trash.store.state).toMatchObject({ cursor: null, loading: false, error: null });
});

test('when the last loaded order is removed, the next page is loaded', async () => {
  const list = new ResourceList(new Shelf(26));
  await list.load();
  for (const n of down(26, 2)) list.remove(order(n));
  await expect.poll(() => ids(list)).toEqual([1]);
});

test('a page that fails to load keeps the loaded orders, and can be retried', async () => {
  const shelf = new Shelf(30);
  const list = new ResourceList(shelf);
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

test('the remaining orders are loaded in pages as large as the contract allows', async () => {
  const shelf = new Shelf(260);
  const list = new ResourceList(shelf);
  await list.load();
  await list.all();
  expect(ids(list)).toHaveLength(260);
  expect(shelf.requested.map(({ limit }) => limit)).toEqual([25, 80, 80, 80]);
});
