import { expect, test } from 'vitest';
import { type Field, fieldsOf } from '../src/contract/fields';
import { editable, edited, inUse } from '../src/resource/bulk/edits';

const fields = fieldsOf({
  type: 'object',
  required: ['labels'],
  properties: {
    name: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    labels: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
    state: { type: 'string', enum: ['open', 'closed'] },
    rank: { type: 'integer', enum: [1, 2] },
    urgent: { type: 'boolean' },
    count: { type: 'integer' },
    shapes: { type: 'array', items: { type: 'object' } },
  },
});
const field = (name: string) => fields.find((one) => one.name === name) as Field;
const [tags, labels] = [field('tags'), field('labels')];

test('lists of words, lists of choices, choices and yes-or-no are edited together', () => {
  expect(editable(fields).map(({ name }) => name)).toEqual(['tags', 'labels', 'state', 'rank', 'urgent']);
});

test('a word is added behind the others, once', () => {
  expect(edited({ name: 'x', tags: ['a'] }, { field: tags, how: 'add', value: 'b' })).toEqual({
    name: 'x',
    tags: ['a', 'b'],
  });
  expect(edited({}, { field: tags, how: 'add', value: 'b' })).toEqual({ tags: ['b'] });
  expect(edited({ tags: null }, { field: tags, how: 'add', value: 'b' })).toEqual({ tags: ['b'] });
});

test('a word is removed wherever it occurs', () => {
  expect(edited({ tags: ['b', 'a', 'b'] }, { field: tags, how: 'remove', value: 'b' })).toEqual({
    tags: ['a'],
  });
});

test('a list without its last entry is removed, unless it is required', () => {
  expect(edited({ tags: ['b'] }, { field: tags, how: 'remove', value: 'b' })).toEqual({});
  expect(edited({ labels: ['b'] }, { field: labels, how: 'remove', value: 'b' })).toEqual({ labels: [] });
});

test('a value is set, or removed', () => {
  expect(edited({ state: 'open' }, { field: field('state'), how: 'set', value: 'closed' })).toEqual({
    state: 'closed',
  });
  expect(edited({ urgent: true }, { field: field('urgent'), how: 'set', value: undefined })).toEqual({});
});

test.each([
  [{ tags: ['a'] }, { field: tags, how: 'add', value: 'a' }],
  [{ tags: ['a'] }, { field: tags, how: 'remove', value: 'b' }],
  [{}, { field: tags, how: 'remove', value: 'b' }],
  [{ rank: 1 }, { field: field('rank'), how: 'set', value: 1 }],
  [{}, { field: field('rank'), how: 'set', value: undefined }],
] as const)('%o stays the same object where there is nothing to do', (content, edit) => {
  expect(edited(content, edit)).toBe(content);
});

test('the words in use are listed, the most frequent first, each resource counted once', () => {
  const all = [{ tags: ['b', 'a'] }, { tags: ['b', 'b'] }, {}, { tags: null }, { tags: 'text' }];
  expect(inUse(all, tags)).toEqual([
    { value: 'b', count: 2 },
    { value: 'a', count: 1 },
  ]);
});
