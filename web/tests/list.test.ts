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

test('a reload keeps the rows on screen until the new ones are there, and when it fails', async () => {
  const shelf = new Shelf(30);
  const list = new ResourceList(shelf);
  await list.load();
  const seen: number[] = [];
  list.store.subscribe(() => seen.push(list.store.state.entries.length));
  shelf.failing = true;
  await list.reload();
  expect(list.store.state).toMatchObject({ reloading: false, error: new Error('no') });
  shelf.failing = false;
  await list.reload();
  await list.load('asc');
  expect(list.store.state).toMatchObject({ reloading: false, error: null, order: 'asc' });
  expect(Math.min(...seen)).toBe(25);
});

test('a reload reads as many orders as were loaded', async () => {
  const shelf = new Shelf(60);
  const list = new ResourceList(shelf);
  await list.load();
  await list.more();
  shelf.entries.splice(20, 1);
  await list.reload();
  expect(ids(list)).toHaveLength(50);
  expect(ids(list)).not.toContain(21);
  await list.more();
  expect(ids(list)).toHaveLength(59);
});

test('once everything is loaded, another order needs no request', async () => {
  const shelf = new Shelf(3);
  const list = new ResourceList(shelf);
  await list.load();
  await list.load('asc');
  expect(ids(list)).toEqual([1, 2, 3]);
  expect(shelf.requested).toHaveLength(1);
});

test.each(['created', 'changed'])(
  'what was %s here and deleted elsewhere is gone after a reload',
  async (how) => {
    const shelf = new Shelf(3);
    const list = new ResourceList(shelf);
    await list.load();
    list.put(how === 'created' ? order(4) : order(3, { version: 2 }));
    shelf.entries = shelf.entries.filter(({ id }) => id !== 'id-3');
    await list.reload();
    expect(ids(list)).toEqual([2, 1]);
  },
);

test('what was read here and deleted elsewhere is not listed when its page is loaded', async () => {
  const shelf = new Shelf(60);
  const list = new ResourceList(shelf);
  await list.load();
  list.seen(order(2));
  shelf.entries.splice(1, 1);
  await list.all();
  expect(ids(list)).toEqual([...down(60, 3), 1]);
  expect(shelf.looked).toEqual(['id-2']);
});

test('a late response to a read does not bring back what was deleted, also if it is of a later version', async () => {
  const list = new ResourceList(new Shelf(3));
  await list.load();
  list.remove(order(2));
  list.seen(order(2));
  list.seen(order(2, { version: 2 }));
  expect(ids(list)).toEqual([3, 1]);
});

test('a reload reports what changed elsewhere, and not what was written here', async () => {
  const shelf = new Shelf(4);
  const list = new ResourceList(shelf);
  await list.load();
  list.put(order(4, { version: 2 }));
  list.remove(order(3));
  shelf.entries = [order(2, { version: 5 }), order(4, { version: 2 }), order(6)];
  await list.reload();
  const { news } = list.store.state;
  const of = (entries: Resource[] = []) => entries.map(({ id }) => id);
  expect([of(news?.added), of(news?.changed), of(news?.gone)]).toEqual([['id-6'], ['id-2'], ['id-1']]);
  await list.reload();
  expect(list.store.state.news).toBeNull();
});

test('a look at the first page of a long list keeps the rest', async () => {
  const shelf = new Shelf(500);
  const list = new ResourceList(shelf);
  await list.load();
  await list.all();
  shelf.entries.push(order(501));
  shelf.entries.splice(490, 1);
  shelf.requested = [];
  await list.refresh();
  expect(shelf.requested).toHaveLength(1);
  expect(ids(list)).toEqual([...down(501, 492), ...down(490, 1)]);
  expect(list.store.state.cursor).toBeNull();
});

test('a search that goes on while the list is reloaded or turned still gets everything', async () => {
  const list = new ResourceList(new Shelf(500));
  await list.load();
  const whole = list.all();
  const turned = list.load('asc');
  void list.reload();
  expect(await whole).toBe(true);
  await turned;
  expect(new Set(ids(list)).size).toBe(500);
});

test('loading the rest can be stopped and continued', async () => {
  const list = new ResourceList(new Shelf(500));
  await list.load();
  const whole = list.all();
  list.stop();
  expect(list.store.state.filling).toBe(false);
  const continued = list.all();
  expect(await whole).toBe(true);
  expect(await continued).toBe(true);
  expect(ids(list)).toHaveLength(500);
});

test('ten thousand orders are loaded in steps that grow, so that the work is linear', async () => {
  const list = new ResourceList(new Shelf(10_000));
  await list.load();
  let shown = 0;
  list.store.subscribe(() => (shown += list.store.state.entries.length));
  await list.all();
  expect(ids(list)).toEqual(down(10_000, 1));
  expect(shown).toBeLessThan(15 * 10_000);
});

test('what one tab writes and learns, the other tabs of the same user show', async () => {
  const shelf = new Shelf(3);
  const tabs = [new ResourceList(shelf), new ResourceList(shelf)] as const;
  const [one, other] = tabs;
  await Promise.all(tabs.map((list) => list.load()));
  one.announce = (change) => other.take(change);
  other.announce = () => {
    throw new Error('What was taken over is announced again.');
  };
  one.put(order(4));
  one.put(order(3, { version: 2, name: 'Changed' }));
  one.remove(order(2));
  one.seen(order(1, { version: 7, name: 'News' }));
  expect(ids(other)).toEqual([4, 3, 1]);
  expect(other.store.state.entries.map(({ name }) => name)).toEqual(['Order 4', 'Changed', 'News']);
  other.take({ put: [], removed: [{ id: 'id-3', version: 1 }] }); // late: it was restored since
  expect(ids(other)).toEqual([4, 3, 1]);
});

test('the entries of one user are forgotten when another is signed in', async () => {
  const list = new ResourceList(new Shelf(3));
  list.belongTo('one');
  await list.load();
  list.belongTo('one');
  expect(ids(list)).toHaveLength(3);
  list.belongTo('other');
  expect(list.store.state).toMatchObject({ entries: [], cursor: undefined });
  expect(list.find('id-1')).toBeUndefined();
});
