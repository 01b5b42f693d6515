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

test('each field that differs says who changed it; what both made the same is no difference', () => {
  const found = differences(names, base, mine, theirs);
  expect(found.map(({ name, changed }) => [name, changed])).toEqual([
    ['name', 'both'],
    ['quantity', 'theirs'],
    ['note', 'mine'],
  ]);
});

test('what is chosen is what is saved, removals too', () => {
  const found = differences(names, base, mine, theirs);
  const choice: Record<string, 'mine' | 'theirs'> = { name: 'mine', quantity: 'theirs', note: 'mine' };
  expect(merged(found, theirs, (name) => choice[name])).toEqual({
    name: 'My lamp',
    quantity: 2,
    tags: ['a', 'b'],
  });
});
