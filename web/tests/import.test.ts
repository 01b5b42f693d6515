/** The run of an import: it creates each row once, whatever happens in between. */
import 'fake-indexeddb/auto';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Resource } from '../src/api/client';
import { type Problem, Refused, SessionEnded, Unreachable } from '../src/api/problem';
import { type Call } from '../src/api/call';
import { parse, type Json } from '../src/json/value';
import { Store } from '../src/store';
import { Kept, type KeptRow, type Run } from '../src/transfer/kept';
import { Importer } from '../src/transfer/run';

const KEY = 'Idempotency-Key';

/** An API that creates one order for each key, and first fails as `next` says. */
class Shop {
  calls = new Store<Call[]>([]);
  made = new Map<string, Resource>();
  deleted = new Set<string>();
  sent: string[] = [];
  next: (Error | null)[] = [];
  /** Keys of which every attempt fails. */
  failing = new Map<string, Error>();

  create(content: Json, key: string): Promise<Resource> {
    this.sent.push(key);
    const replayed = this.made.has(key);
    const call = {
      number: this.sent.length,
      about: 'new',
      method: 'POST',
      url: '',
      headers: { [KEY]: key },
      body: '',
      status: 201,
    };
    this.calls.state = [{ ...call, etag: null, replayed, milliseconds: 1 }, ...this.calls.state].slice(0, 20);
    const error = this.failing.get(key) ?? this.next.shift();
    if (error) return Promise.reject(error);
    if (this.deleted.has(key)) return Promise.reject(refused(409, 'urn:orders:problem:deleted'));
    const times = { created_at: '', updated_at: '' };
    this.made.set(key, this.made.get(key) ?? { ...content, ...times, id: `id-${key}`, version: 1 });
    return Promise.resolve(this.made.get(key) as Resource);
  }
}

function refused(status: number, type = 'about:blank', more: Partial<Problem> = {}): Refused {
  return new Refused({ type, title: '', status, detail: 'No.', request_id: 'r', ...more }, null, false);
}

const row = (n: number, more: Partial<KeptRow> = {}): KeptRow => ({
  ...{ place: n + 1, cells: `["${n}"]`, body: `{"name":"${n}"}`, key: `k${n}`, fault: '' },
  ...more,
});
const run = (rows: KeptRow[]): Run => ({
  id: 'run',
  sub: 'me',
  file: 'a.csv',
  format: 'csv',
  headers: ['name'],
  rows,
});

let shop: Shop;
let names: unknown[];
const taken = new Set<string>();
const lock = (name: string) => {
  if (taken.has(name)) return Promise.resolve(null);
  taken.add(name);
  return Promise.resolve(() => void taken.delete(name));
};
/** An importer as a page has one that was just loaded. */
const importer = () =>
  new Importer(
    shop,
    (made) => names.push(made['name']),
    (error) => error.message,
    new Kept(),
    lock,
  );

beforeEach(() => {
  const values = new Map<string, string>();
  vi.stubGlobal('navigator', { onLine: true });
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, value: string) => void values.set(name, value),
    removeItem: (name: string) => void values.delete(name),
  });
  shop = new Shop();
  names = [];
  taken.clear();
});

test('each row is created once, and what is left out keeps its reason', async () => {
  const one = importer();
  await one.begin(run([row(1), row(2, { fault: 'Name is required.' }), row(3)]));
  const { state, counts, left, failures } = one.store.state ?? {};
  expect({ state, counts, left }).toEqual({
    ...{ state: 'finished', left: 0 },
    counts: { created: 2, known: 0, deleted: 0, failed: 0 },
  });
  expect(failures?.map(({ row: { place }, why }) => [place, why])).toEqual([[3, 'Name is required.']]);
  expect(names).toEqual(['1', '3']);
});

test('a repeated run creates nothing, until it is asked to', async () => {
  await importer().begin(run([row(1), row(2)]));
  shop.deleted.add('k2');
  const again = importer();
  await again.begin(run([row(1), row(2), row(3)]));
  expect(again.store.state?.counts).toEqual({ created: 1, known: 1, deleted: 1, failed: 0 });
  expect(shop.made.size).toBe(3);
  await again.again('known', true);
  await again.again('deleted', true);
  expect(again.store.state?.counts).toEqual({ created: 3, known: 0, deleted: 0, failed: 0 });
  expect(shop.made.size).toBe(5);
});

test.each([
  ['the network', new Unreachable()],
  ['the session', new SessionEnded()],
  ['the permission', refused(403)],
] as [string, Error][])(
  'without %s it pauses, and another page goes on where it stopped',
  async (_, error) => {
    const rows = Array.from({ length: 10 }, (__, n) => row(n + 1));
    shop.next = [null, null, null, null, error, error, error];
    const one = importer();
    await one.begin(run(rows));
    expect(one.store.state).toMatchObject({ state: 'paused', counts: { created: 4 }, left: 6 });
    expect(one.store.state?.reason).not.toBe('');
    const other = importer();
    await other.recall('me');
    expect(other.store.state).toMatchObject({ state: 'paused', counts: { created: 4 }, left: 6 });
    [shop.sent, shop.next] = [[], []];
    await other.go();
    expect(other.store.state).toMatchObject({ state: 'finished', counts: { created: 10 }, left: 0 });
    expect(shop.sent.length).toBe(6);
  },
);

test('what the API refuses is a failure of its row; it can be tried again', async () => {
  shop.failing = new Map([['k2', refused(400)]]);
  const one = importer();
  await one.begin(run([row(1), row(2), row(3)]));
  expect(one.store.state).toMatchObject({ state: 'finished', counts: { created: 2, failed: 1 }, left: 0 });
  expect(one.store.state?.failures.map(({ row: { place }, why }) => [place, why])).toEqual([[3, 'No.']]);
  shop.failing.clear();
  await one.again('failed');
  expect(one.store.state).toMatchObject({
    state: 'finished',
    counts: { created: 3, failed: 0 },
    failures: [],
  });
});

test('too many requests is no failure', async () => {
  shop.next = [refused(429), refused(429), refused(429), refused(429)];
  const one = importer();
  await one.begin(run([row(1), row(2)]));
  expect(one.store.state).toMatchObject({ state: 'finished', counts: { created: 2, failed: 0 } });
});

test('a service that keeps failing pauses the run', async () => {
  const rows = Array.from({ length: 20 }, (_, n) => row(n + 1));
  for (const { key } of rows) shop.failing.set(key, refused(500));
  const one = importer();
  await one.begin(run(rows));
  expect(one.store.state?.state).toBe('paused');
  expect(shop.sent.length).toBeLessThan(8);
});

test('one tab of the browser runs it at a time', async () => {
  taken.add('import:me');
  const one = importer();
  await one.begin(run([row(1)]));
  expect(one.store.state).toMatchObject({
    state: 'paused',
    reason: 'It is running in another tab.',
    left: 1,
  });
  taken.clear();
  await one.go();
  expect(one.store.state).toMatchObject({ state: 'finished', counts: { created: 1 } });
});

test('a forgotten run is gone', async () => {
  const one = importer();
  await one.begin(run([row(1)]));
  await one.forget();
  const other = importer();
  await other.recall('me');
  expect(other.store.state).toBeNull();
  expect(parse(row(1).body)).toEqual({ name: '1' });
});
