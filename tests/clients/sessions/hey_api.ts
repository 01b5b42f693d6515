// A session with the client that @hey-api/openapi-ts generates: each step prints its name.

import assert from 'node:assert/strict';
import { client } from './sdk/client.gen.js';
import { createItem, deleteItem, getItem, listItems, patchItem, restoreItem, updateItem } from './sdk/index.js';
import type { Item, Problem } from './sdk/index.js';

type Answer = { data: Item | undefined; error: Problem | undefined; response: Response };

client.setConfig({ baseUrl: process.env['API'] ?? '', auth: () => process.env['TOKEN'] ?? '' });

function item({ data, error }: Answer): Item {
  assert(data, JSON.stringify(error));
  return data;
}

function problem({ error, response }: Answer, status: number): Problem {
  assert(error);
  assert.equal(response.status, status);
  return error;
}

function tag({ response }: Answer): string {
  return response.headers.get('ETag') ?? '';
}

const created = await createItem({ body: { name: 'Lamp', tags: ['red'] }, headers: { 'Idempotency-Key': 'k-3' } });
const path = { id: item(created).id };
console.log('create');

const read = await getItem({ path });
assert.deepEqual([item(read).name, item(read).version], ['Lamp', 1]);
console.log('read');

const body = { ...item(read), quantity: 5 }; // what was read, id and version included
const put = await updateItem({ path, body, headers: { 'If-Match': tag(read) } });
assert.deepEqual([item(put).quantity, item(put).tags], [5, ['red']]);
console.log('change and put back');

const conflict = problem(await updateItem({ path, body, headers: { 'If-Match': tag(read) } }), 412);
assert.equal(conflict.current_version, 2);
console.log('412');

const fault = problem(await createItem({ body: { name: '' } }), 400);
assert.deepEqual(fault.errors?.map(({ pointer }) => pointer), ['/name']);
console.log('400');

const changes = { quantity: 6, tags: null, attributes: { room: '2.14', shelf: null } };
const patched = await patchItem({ path, body: changes, headers: { 'If-Match': tag(put) } });
assert.deepEqual([item(patched).quantity, item(patched).tags], [6, undefined]);
console.log('patch');

const page = await listItems({ query: { limit: 100 } });
assert(page.data);
assert(page.data.items.some(({ id }) => id === path.id));
assert.equal(page.data.next_cursor, null);
console.log('list');

const deleted = await deleteItem({ path, headers: { 'If-Match': tag(patched) } });
assert.equal(deleted.response.status, 204);
problem(await getItem({ path }), 404);
console.log('delete');

const trash = await listItems({ query: { deleted: true } });
assert(trash.data?.items.some(({ id }) => id === path.id));
console.log('list the trash');

const restored = await restoreItem({ path, headers: { 'If-Match': tag(patched) } });
assert.deepEqual([item(restored).quantity, item(restored).version], [6, 4]);
console.log('restore');

const purged = await deleteItem({ path, query: { purge: true } });
assert.equal(purged.response.status, 204);
