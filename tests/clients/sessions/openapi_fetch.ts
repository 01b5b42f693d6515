// A session with the types that openapi-typescript generates and the client openapi-fetch: each step prints its name.

import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Item = components['schemas']['Item'];
type Problem = components['schemas']['Problem'];
type Answer = { data?: Item; error?: Problem; response: Response };

const api = createClient<paths>({
  baseUrl: process.env['API'] ?? '',
  headers: { Authorization: `Bearer ${process.env['TOKEN'] ?? ''}` },
});

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

const created = await api.POST('/items', {
  params: { header: { 'Idempotency-Key': 'k-2' } },
  body: { name: 'Lamp', tags: ['red'] },
});
const path = { id: item(created).id };
console.log('create');

const read = await api.GET('/items/{id}', { params: { path } });
assert.deepEqual([item(read).name, item(read).version], ['Lamp', 1]);
console.log('read');

const body = { ...item(read), quantity: 5 }; // what was read, id and version included
const first = { path, header: { 'If-Match': tag(read) } };
const put = await api.PUT('/items/{id}', { params: first, body });
assert.deepEqual([item(put).quantity, item(put).tags], [5, ['red']]);
console.log('change and put back');

const conflict = problem(await api.PUT('/items/{id}', { params: first, body }), 412);
assert.equal(conflict.current_version, 2);
console.log('412');

const fault = problem(await api.POST('/items', { body: { name: '' } }), 400);
assert.deepEqual(fault.errors?.map(({ pointer }) => pointer), ['/name']);
console.log('400');

const patched = await api.PATCH('/items/{id}', {
  params: { path, header: { 'If-Match': tag(put) } },
  body: { quantity: 6, tags: null, attributes: { room: '2.14', shelf: null } },
});
assert.deepEqual([item(patched).quantity, item(patched).tags], [6, undefined]);
console.log('patch');

const page = await api.GET('/items', { params: { query: { limit: 100 } } });
assert(page.data);
assert(page.data.items.some(({ id }) => id === path.id));
assert.equal(page.data.next_cursor, null);
console.log('list');

const last = { path, header: { 'If-Match': tag(patched) } };
const deleted = await api.DELETE('/items/{id}', { params: last });
assert.equal(deleted.response.status, 204);
problem(await api.GET('/items/{id}', { params: { path } }), 404);
console.log('delete');

const trash = await api.GET('/items', { params: { query: { deleted: true } } });
assert(trash.data?.items.some(({ id }) => id === path.id));
console.log('list the trash');

const restored = await api.POST('/items/{id}/restore', { params: last });
assert.deepEqual([item(restored).quantity, item(restored).version], [6, 4]);
console.log('restore');

const purged = await api.DELETE('/items/{id}', { params: { path, query: { purge: true } } });
assert.equal(purged.response.status, 204);
