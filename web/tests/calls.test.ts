import { execFileSync } from 'node:child_process';
import { beforeEach, expect, test, vi } from 'vitest';
import { type Call, curl } from '../src/api/call';
import { Api, type Resource } from '../src/api/client';
import { messageOf, type Problem, Refused, SessionEnded, Stopped, Unreachable } from '../src/api/problem';
import { delay, MOST_TRIES } from '../src/api/retry';
import { restore } from '../src/resource/restore';
import { change, Conflict, create, DeletedSince, Incomplete } from '../src/resource/save';

const at = '2026-01-31T09:26:53.000Z';
const order = (more: Partial<Resource> = {}): Resource => ({
  ...{ id: 'id-1', version: 1, created_at: at, updated_at: at, name: 'Lamp' },
  ...more,
});
type Reply = () => Response | Promise<Response>;

const ok =
  (body: unknown, status = 200): Reply =>
  () =>
    Response.json(body, { status, headers: { ETag: '"1"' } });
const rejected =
  (status: number, headers: Record<string, string> = {}): Reply =>
  () =>
    Response.json(
      { type: 't', title: 't', status, detail: 'd', request_id: 'r' },
      { status, headers: { 'Content-Type': 'application/problem+json', ...headers } },
    );
const lost: Reply = () => Promise.reject(new TypeError('Failed to fetch'));

/** Replies of a network that is there again, and fails. */
const backOnline = (times: number): Reply[] =>
  Array.from({ length: times }, () => () => {
    online = true;
    return Promise.reject(new TypeError('Failed to fetch'));
  });

let sent: { url: string; init: RequestInit }[];
let waited: number[];
let online: boolean;
beforeEach(() => {
  online = true;
  sent = [];
  waited = [];
});

/** An API whose network returns `replies` in turn. */
function api(...replies: Reply[]): Api {
  const fetch = (url: unknown, init: RequestInit = {}) => {
    sent.push({ url: String(url), init });
    const reply = replies.shift();
    if (!reply) throw new Error('one call too many');
    return Promise.resolve(reply());
  };
  const tokens = {
    token: () => Promise.resolve('first'),
    another: () => Promise.resolve('second'),
    ended: () => new SessionEnded(),
  };
  const pause = (_: Error, ms: number) => {
    waited.push(ms);
    return Promise.resolve();
  };
  return new Api('https://api.example.com/v1', tokens, fetch, pause, () => online);
}
const header = (call: number, name: string) => (sent[call]?.init.headers as Record<string, string>)[name];

test('a call without a response is retried with the same key', async () => {
  await api(lost, lost, ok(order(), 201)).create({ name: 'Lamp' }, 'key-1');
  expect(sent.map((_, call) => header(call, 'Idempotency-Key'))).toEqual(['key-1', 'key-1', 'key-1']);
});

test.each([429, 500, 503])('Retry-After of a %i is followed to the second', async (status) => {
  await api(rejected(status, { 'Retry-After': '7' }), ok(order())).get('id-1');
  expect(waited).toEqual([7000]);
});

test('a call fails as unreachable after its last attempt', async () => {
  const dead = api(...Array.from({ length: MOST_TRIES }, () => lost));
  await expect(dead.get('id-1')).rejects.toBeInstanceOf(Unreachable);
  expect(sent).toHaveLength(MOST_TRIES);
});

test('without a network, attempts are not limited', async () => {
  online = false;
  await api(...Array.from({ length: MOST_TRIES + 1 }, () => lost), ok(order())).get('id-1');
  expect(sent).toHaveLength(MOST_TRIES + 2);
});

test('waits without a network leave all attempts for when it is back', async () => {
  online = false;
  const replies = [...Array.from({ length: MOST_TRIES }, () => lost), ...backOnline(MOST_TRIES - 1)];
  await api(...replies, ok(order())).get('id-1');
  expect(sent).toHaveLength(2 * MOST_TRIES);
});

test('what failed without a network may have arrived nevertheless: a delete that finds nothing afterwards has succeeded', async () => {
  online = false;
  await api(lost, rejected(404)).remove('id-1', 2);
  expect(sent).toHaveLength(2);
});

test.each(['<html>Sign in to the hotel</html>', '[]', '{}', '{"entries":null}', ''])(
  'a response that is not of the API is reported in words: %s',
  async (text) => {
    const page: Reply = () => new Response(text, { status: 200 });
    await expect(api(page).get('id-1')).rejects.toThrow('a response that this page cannot read');
    await expect(api(page).list({})).rejects.toThrow('a response that this page cannot read');
    await expect(api(page).create({}, 'key')).rejects.toThrow('a response that this page cannot read');
  },
);

test('a connection that breaks within a response counts as lost, and the call is repeated', async () => {
  const broken: Reply = () =>
    new Response(new ReadableStream({ start: (stream) => stream.error(new TypeError('network error')) }));
  await api(broken, ok(order())).get('id-1');
  expect(sent).toHaveLength(2);
});

test.each<[Problem | object | string, string]>([
  [{ message: 'Forbidden' }, 'The service responded with status 403 and no explanation.'],
  [{ detail: { deep: 1 }, errors: 'none' }, 'The service responded with status 403 and no explanation.'],
  ['null', 'The service responded with status 403 and no explanation.'],
  [{ detail: 'Not yours.', status: 'x' }, 'Not yours.'],
])('a problem document that is not whole is completed: %j', async (body, expected) => {
  const page: Reply = () =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), { status: 403 });
  const error: unknown = await api(page)
    .get('id-1')
    .catch((reason: unknown) => reason);
  expect(messageOf(error)).toBe(expected);
  expect(error).toMatchObject({ status: 403 });
});

test('a failure without a request ID is reported without one, and the message of a library is never shown', async () => {
  const failing = Array.from({ length: MOST_TRIES }, (): Reply => () => new Response('', { status: 502 }));
  const error: unknown = await api(...failing)
    .get('id-1')
    .catch((reason: unknown) => reason);
  expect(messageOf(error)).toBe('The service failed (status 502).');
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const raw = new TypeError('Failed to fetch');
  for (const shown of [
    messageOf(raw),
    messageOf(raw),
    messageOf(new Stopped(raw)),
    messageOf('No matching state'),
  ])
    expect(shown).toBe('Something unexpected went wrong in this page. Reload the page, and try again.');
  expect(log).toHaveBeenCalledExactlyOnceWith(raw);
  log.mockRestore();
});

test('calls are recorded newest first, and a create is linked to the order it created', async () => {
  const network = api(ok({ entries: [], next_cursor: null }), rejected(429), ok(order(), 201));
  await network.list({ limit: 1 });
  await network.create({ name: 'Lamp' }, 'key-1');
  expect(network.calls.state.map(({ number, about, status }) => [number, about, status])).toEqual([
    [3, 'id-1', 201],
    [2, 'id-1', 429],
    [1, 'list', 200],
  ]);
});

test('a call that the API rejects is not retried', async () => {
  await expect(api(rejected(400)).get('id-1')).rejects.toBeInstanceOf(Refused);
  expect(waited).toEqual([]);
});

test('waits grow, with jitter', () => {
  const times = (random: number) =>
    [1, 2, 3, 4].map((tries) => delay(new Unreachable(), tries, true, () => random));
  expect(times(0)).toEqual([750, 1500, 3000, 6000]);
  expect(times(1)).toEqual([1250, 2500, 5000, 10000]);
});

test('a rejected token is renewed once; if it is rejected again, the session ends', async () => {
  await api(rejected(401), ok(order())).get('id-1');
  expect(sent.map((_, call) => header(call, 'Authorization'))).toEqual(['Bearer first', 'Bearer second']);
  await expect(api(rejected(401), rejected(401)).get('id-1')).rejects.toBeInstanceOf(SessionEnded);
});

test('a token without the scope is not renewed: another one would lack it too', async () => {
  await expect(api(rejected(403)).get('id-1')).rejects.toBeInstanceOf(Refused);
  expect(sent).toHaveLength(1);
});

test('a known version is sent as If-None-Match, and 304 means it is current', async () => {
  const newer = await api(() => new Response(null, { status: 304 })).get('id-1', 4);
  expect(newer).toBeNull();
  expect(header(0, 'If-None-Match')).toBe('"4"');
});

test('a delete whose response was lost succeeds if the order no longer exists', async () => {
  await api(lost, rejected(404)).remove('id-1', 2);
  expect(header(1, 'If-Match')).toBe('"2"');
  await expect(api(rejected(404)).remove('id-1', 2)).rejects.toBeInstanceOf(Refused);
});

test('a write that is repeated has the same key, also when it is sent again later; another write has another', async () => {
  const network = api(
    ...[lost, ok(order()), lost, rejected(503), rejected(400), ok(order()), ok(order()), ok(order())],
    ...[lost, () => new Response(null, { status: 204 })],
  );
  await network.patch('id-1', { name: 'a' }, 1);
  await expect(network.replace('id-1', { name: 'a' }, 2)).rejects.toBeInstanceOf(Refused);
  await network.replace('id-1', { name: 'a' }, 2);
  await network.replace('id-1', { name: 'a' }, 3);
  await network.restore('id-1', 3);
  await network.remove('id-1', 4, true);
  const keys = sent.map((_, call) => header(call, 'Idempotency-Key'));
  expect(keys.map((key) => keys.indexOf(key))).toEqual([0, 0, 2, 2, 2, 2, 6, 7, 8, 8]);
  expect(sent.slice(7, 9).map(({ url, init }) => `${init.method} ${url.slice(26)}`)).toEqual([
    'POST /orders/id-1/restore',
    'DELETE /orders/id-1?purge=true',
  ]);
});

test('what was deleted is restored at the version it had; otherwise the outcome says why not', async () => {
  const now = order({ version: 4 });
  expect(await restore(api(ok(now)), 'id-1', 3)).toEqual({ outcome: 'restored', resource: now });
  expect(header(0, 'If-Match')).toBe('"3"');
  const outcomes = [
    await restore(api(rejected(412)), 'id-1', 3),
    await restore(api(rejected(404), rejected(404)), 'id-1', 3),
    await restore(api(rejected(404), ok(now)), 'id-1', 3),
    await restore(api(lost, rejected(404), ok(now)), 'id-1', 3), // as without keys
  ];
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['changed', 'gone', 'live', 'restored']);
  await expect(restore(api(rejected(403)), 'id-1', 3)).rejects.toBeInstanceOf(Refused);
});

test('a 409 is repeated only after the time in its Retry-After; what was created and deleted since is reported', async () => {
  await api(rejected(409, { 'Retry-After': '1' }), ok(order())).patch('id-1', {}, 1);
  expect(waited).toEqual([1000]);
  const deleted: Reply = () =>
    Response.json({ type: 'urn:orders:problem:deleted', status: 409, detail: 'd' }, { status: 409 });
  await expect(create(api(deleted), { name: 'Lamp' }, 'key', [])).rejects.toBeInstanceOf(DeletedSince);
  expect(waited).toEqual([1000]);
});

test('U+FFFD is sent escaped, so that it differs from what stands for lost bytes', async () => {
  await api(ok(order(), 201)).create({ name: 'a\ufffd\\\ufffd' }, 'key');
  expect(sent[0]?.init.body).toBe(String.raw`{"name":"a\ufffd\\\ufffd"}`);
});

test('a change sends only the fields that changed', async () => {
  await change(
    api(ok(order({ version: 2 }))),
    'id-1',
    { name: 'Lamp', quantity: 1 },
    { name: 'Desk lamp' },
    1,
  );
  expect(sent[0]?.init.body).toBe('{"name":"Desk lamp","quantity":null}');
  expect(header(0, 'If-Match')).toBe('"1"');
  expect(header(0, 'Content-Type')).toBe('application/merge-patch+json');
});

test('a change that sets a property to null sends all content, which a merge patch could not', async () => {
  const base = { name: 'Lamp', note: 'x', box: { shelf_number: 1, more: [null] } };
  const content = { ...base, box: { shelf_number: null, more: [null] } };
  await change(api(ok(order({ version: 2 }))), 'id-1', base, content, 1);
  expect(sent[0]?.init).toMatchObject({ method: 'PUT', body: JSON.stringify(content) });
  expect(header(0, 'If-Match')).toBe('"1"');
  expect(header(0, 'Content-Type')).toBe('application/json');
});

test('null in an array is set by a merge patch, which replaces an array as a whole', async () => {
  const content = { tags: [null, 'a'], sizes: [{ width: null }] };
  await change(api(ok(order())), 'id-1', { tags: ['a'], sizes: [] }, content, 1);
  expect(sent[0]?.init).toMatchObject({ method: 'PATCH', body: JSON.stringify(content) });
});

test('when all content has to be valid and is not, the error says why, by the names of the fields', async () => {
  const errors = [
    { pointer: '/quantity', detail: 'must be one of 1, 2' },
    { pointer: '/box/label', detail: 'is required' },
  ];
  const refused: Reply = () =>
    Response.json({ status: 400, detail: 'The request has 2 faults; see errors.', errors }, { status: 400 });
  const base = { name: 'Lamp', quantity: 3, note: 'x', box: {} };
  const attempt = change(api(refused), 'id-1', base, { ...base, note: null }, 1);
  await expect(attempt).rejects.toThrow(
    'To store null, the whole order has to be valid: Quantity must be one of 1, 2; Box › Label is required.',
  );
  await expect(attempt).rejects.toMatchObject({ faults: errors });
  const many = new Incomplete([...errors, ...errors, ...errors]);
  expect(many.message).toMatch(/: Quantity .*; Box › Label is required; Quantity [^;]*; and 3 more\.$/);
  const patch = change(api(refused), 'id-1', base, { ...base, quantity: 4 }, 1);
  await expect(patch).rejects.toBeInstanceOf(Refused); // judges only what was edited
});

test('numbers keep their digits, from the response to the next request', async () => {
  const text = '{"entries":[{"id":"a","version":1,"price":0.12345678901234567890}],"next_cursor":null}';
  const network = api(() => new Response(text), ok(order()));
  const { entries } = await network.list({});
  await network.patch('a', { price: entries[0]?.['price'] }, 1);
  expect(sent[1]?.init.body).toBe('{"price":0.12345678901234567890}');
});

test('a change whose response was lost succeeds if the order has the intended content', async () => {
  const now = order({ version: 2, name: 'Desk lamp' });
  const saved = await change(
    api(lost, rejected(412), ok(now)),
    'id-1',
    { name: 'Lamp' },
    { name: 'Desk lamp' },
    1,
  );
  expect(saved).toEqual(now);
});

test('a change of an outdated version is a conflict that carries the current order', async () => {
  const now = order({ version: 2, name: 'Theirs' });
  const attempt = change(api(rejected(412), ok(now)), 'id-1', { name: 'Lamp' }, { name: 'Mine' }, 1);
  await expect(attempt).rejects.toEqual(new Conflict(now));
});

test('an order created earlier with the same key and other content is changed to the new content', async () => {
  const made = order({ name: 'First' });
  const changed = order({ version: 2, name: 'Second' });
  const network = api(rejected(422), ok(made, 201), ok(changed));
  expect(await create(network, { name: 'Second' }, 'key', ['{"name":"First"}'])).toEqual(changed);
  expect(sent.map(({ init }) => `${init.method} ${init.body as string}`)).toEqual([
    'POST {"name":"Second"}',
    'POST {"name":"First"}',
    'PATCH {"name":"Second"}',
  ]);
});

test('a response without a problem document is reported by its status', async () => {
  const page: Reply = () => new Response('<html>', { status: 403 });
  await expect(api(page).get('id-1')).rejects.toThrow(
    'The service responded with status 403 and no explanation.',
  );
});

test('the curl command is quoted correctly for the shell, whatever it contains', () => {
  const call: Call = {
    ...{
      number: 1,
      about: 'new',
      method: 'POST',
      url: 'https://api.example.com/v1/orders',
      headers: { 'Idempotency-Key': 'k' },
    },
    ...{
      body: `{"name":"it's $HOME \`id\` \\"x\\""}`,
      status: 201,
      etag: null,
      replayed: false,
      milliseconds: 3,
    },
  };
  const shell = (command: string) =>
    execFileSync(
      'sh',
      ['-c', command.replace(/^curl/, `TOKEN=secret; printf '%s\\n'`).replace('$TOKEN', '%TOKEN')],
      {
        encoding: 'utf8',
      },
    )
      .trimEnd()
      .split('\n');
  expect(shell(curl(call, null))).toEqual([
    ...['-i', '-X', 'POST', call.url, '-H', 'Authorization: Bearer %TOKEN'],
    ...['-H', 'Idempotency-Key: k', '--data-raw', call.body],
  ]);
  expect(curl(call, null)).toContain('"Authorization: Bearer $TOKEN"');
  expect(curl(call, 'e30')).toContain("'Authorization: Bearer e30'");
});
