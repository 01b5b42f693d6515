import { expect, test } from 'vitest';
import type { Schema } from '../src/contract/schema';
import { differences } from '../src/resource/merge';
import { optionsOf } from '../src/resource/options';
import type { Json } from '../src/json/value';

const schema: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    tags: { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 5 } },
    box: { type: 'object', properties: { tags: { type: 'array', maxItems: 2, items: {} } } },
  },
};

/** What can be kept of the only difference, and why not. */
function options(base: Json, mine: Json, theirs: Json): [string, unknown, string][] {
  const [change] = differences(base, mine, theirs);
  if (!change) throw new Error('There is no difference.');
  return optionsOf(change, theirs, schema).map(({ choice, value, fault }) => [choice, value, fault]);
}

test('the changes of both are offered for a list that both changed', () => {
  expect(options({ tags: ['a'] }, { tags: ['a', 'b'] }, { tags: ['a', 'c'] })).toEqual([
    ['mine', ['a', 'b'], ''],
    ['theirs', ['a', 'c'], ''],
    ['joined', ['a', 'c', 'b'], ''],
  ]);
});

test('not if one of the two has the changes of both', () => {
  const choices = options({ tags: [] }, { tags: ['a', 'b'] }, { tags: ['a'] }).map(([choice]) => choice);
  expect(choices).toEqual(['mine', 'theirs']);
});

test('nor for a text', () => {
  expect(options({ name: 'a' }, { name: 'b' }, { name: 'c' })).toHaveLength(2);
});

test.each([
  [{ tags: ['a'] }, { tags: ['a', 'b'] }, { tags: ['a', 'c', 'd'] }],
  [{ box: { tags: [1] } }, { box: { tags: [1, 2] } }, { box: { tags: [1, 3] } }],
])('what would not be valid together cannot be chosen, and the reason is given', (base, mine, theirs) => {
  expect(options(base, mine, theirs)[2]?.[2]).toMatch(/^Not possible: it must have at most \d entries\.$/);
});

test('a fault that the current value has already is no reason', () => {
  expect(options({ tags: [] }, { tags: ['a'] }, { tags: ['longer'] })[2]).toEqual([
    'joined',
    ['longer', 'a'],
    '',
  ]);
});
