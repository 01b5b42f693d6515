import { expect, test } from 'vitest';
import { differences, merged, patchOf } from '../src/items/merge';

test.each([
  [{ a: 1 }, { a: 1 }, {}],
  [{ a: 1 }, { a: 2 }, { a: 2 }],
  [{ a: 1 }, {}, { a: null }],
  [{}, { a: 1 }, { a: 1 }],
  [{ a: [1, 2] }, { a: [2] }, { a: [2] }],
  [{ a: { b: 'x', c: 'y' } }, { a: { b: 'z', d: 'w' } }, { a: { b: 'z', c: null, d: 'w' } }],
  [{ a: { b: 'x', c: 'y' } }, { a: { c: 'y', b: 'x' } }, {}],
  [{ a: { constructor: 'x' } }, { a: {} }, { a: { constructor: null } }],
  [
    { a: {} },
    { a: JSON.parse('{"__proto__":"x"}') as object },
    { a: JSON.parse('{"__proto__":"x"}') as object },
  ],
])('the merge patch from %j to %j is %j', (from, to, patch) => {
  expect(patchOf(from, to)).toEqual(patch);
});

const base = { name: 'Lamp', quantity: 1, tags: ['a'], note: 'old' };
const mine = { name: 'My lamp', quantity: 1, tags: ['a', 'b'] };
const theirs = { name: 'Their lamp', quantity: 2, tags: ['a', 'b'], note: 'old' };
const names = ['name', 'quantity', 'tags', 'note'];

test('each difference names who changed the field; the same change on both sides is not a difference', () => {
  const changes = differences(names, base, mine, theirs);
  expect(changes.map(({ name, changed }) => [name, changed])).toEqual([
    ['name', 'both'],
    ['quantity', 'theirs'],
    ['note', 'mine'],
  ]);
});

test('the merged content has the chosen values, removals included', () => {
  const changes = differences(names, base, mine, theirs);
  const choice: Record<string, 'mine' | 'theirs'> = { name: 'mine', quantity: 'theirs', note: 'mine' };
  expect(merged(changes, theirs, (name) => choice[name])).toEqual({
    name: 'My lamp',
    quantity: 2,
    tags: ['a', 'b'],
  });
});
