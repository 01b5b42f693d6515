import { expect, test } from 'vitest';
import type { Resource } from '../src/api/client';
import { Refused, SessionEnded, Stopped, Unreachable } from '../src/api/problem';
import { Job } from '../src/resource/bulk/job';

const order = (n: number): Resource => ({
  ...{ id: `id-${n}`, version: n, created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' },
});
const orders = (count: number) => Array.from({ length: count }, (_, index) => order(index + 1));
const refused = (status: number) =>
  new Refused({ status, type: '', title: '', detail: `status ${status}`, request_id: '' }, null, false);
const tick = () => new Promise((resolve) => setTimeout(resolve));

test('everything is done once, a few at a time', async () => {
  let [now, most] = [0, 0];
  const job = await new Job(orders(25), async ({ id }) => {
    most = Math.max(most, ++now);
    await tick();
    now -= 1;
    return id;
  }).run();
  expect(new Set(job.results).size).toBe(25);
  expect(most).toBe(4);
  expect(job.store.state).toEqual({ total: 25, succeeded: 25, failures: [], state: 'over' });
});

test('what fails does not keep the others from being done, and is listed with its reason', async () => {
  const job = await new Job(orders(6), ({ version }) =>
    version % 3 ? Promise.resolve(version) : Promise.reject(refused(version === 3 ? 412 : 404)),
  ).run();
  expect(job.results).toEqual([1, 2, 4, 5]);
  expect(job.store.state.failures.map(({ entry, reason }) => [entry.id, (reason as Refused).status])).toEqual(
    [
      ['id-3', 412],
      ['id-6', 404],
    ],
  );
  expect(job.left).toEqual([]);
});

test('a stop lets those under way finish and begins no more', async () => {
  const job = new Job(orders(20), async ({ version }) => {
    await tick();
    return version;
  });
  const run = job.run();
  await tick();
  job.stop();
  await run;
  const { succeeded, state } = job.store.state;
  expect(state).toBe('over');
  expect(succeeded).toBeLessThan(20);
  expect(succeeded + job.left.length).toBe(20);
});

test.each([new SessionEnded(), new Stopped(new Unreachable())])(
  'after %s, the rest is left, with what was under way',
  async (reason) => {
    const job = await new Job(orders(9), ({ version }) =>
      version === 1 ? Promise.resolve() : Promise.reject(reason),
    ).run();
    expect(job.store.state.failures).toEqual([]);
    expect(job.store.state.succeeded + job.left.length).toBe(9);
  },
);

test('a service that fails again and again is left alone', async () => {
  let calls = 0;
  const job = await new Job(orders(50), () => {
    calls += 1;
    return Promise.reject(refused(calls % 2 ? 503 : 429));
  }).run();
  expect(calls).toBeLessThan(10);
  expect(job.store.state.failures.length + job.left.length).toBe(50);
});

test('nothing begins while a call waits for its next attempt', async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  let begun = 0;
  const job = new Job(
    orders(3),
    () => Promise.resolve(++begun),
    () => gate,
  );
  const run = job.run();
  await tick();
  expect(begun).toBe(0);
  open();
  await run;
  expect(begun).toBe(3);
});
