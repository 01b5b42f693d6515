/** Where faults are shown, what remains of them after an edit, limits near their end, and times that a clock skips. */
import { describe, expect, test } from 'vitest';
import { fieldsOf } from '../src/contract/fields';
import type { Schema } from '../src/contract/schema';
import { judged, ofPair, remaining, unplaced } from '../src/form/faulty';
import { limitsOf, near } from '../src/form/limits';
import { type Raw, type Raws, rawOf } from '../src/form/raw';

const text: Schema = { type: 'string', maxLength: 5 };
const schema: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: { type: 'string', maxLength: 200 },
    size: { type: 'integer' },
    tags: { type: 'array', maxItems: 20, uniqueItems: true, items: { type: 'string', maxLength: 50 } },
    notes: { type: 'object', maxProperties: 50, additionalProperties: text },
    box: {
      type: 'object',
      additionalProperties: false,
      properties: { tags: { type: 'array', items: text } },
    },
    at: { type: 'string', format: 'date-time' },
  },
};
const fields = fieldsOf(schema);
const empty = rawOf(fields, {});
const field = (name: string) => {
  const found = fields.find((one) => one.name === name);
  if (!found) throw new Error(`There is no field ${name}.`);
  return found;
};
const faultsOf = (raw: Raws) => judged(fields, schema, raw, {}, true).faults;

describe('a fault of a pair is shown at that pair', () => {
  const pairs: [string, string][] = [
    ['a', 'x'],
    [' b ', 'too long'],
    ['', 'y'],
    ['a', 'z'],
    ['', ''],
  ];
  const faults = faultsOf({ ...empty, notes: { pairs } });
  const at = (index: number) => ofPair(field('notes'), pairs, index, faults).map(({ detail }) => detail);
  test('at its value, at a missing name, and at the second of two equal names', () => {
    expect(at(0)).toEqual([]);
    expect(at(1)).toEqual(['must have at most 5 characters']);
    expect(at(2)).toEqual(['needs a name']);
    expect(at(3)).toEqual(['must be unique']);
    expect(at(4)).toEqual([]);
  });
  test('every fault has a place', () => {
    expect(pairs.flatMap((_, index) => at(index))).toHaveLength(faults.length);
  });
  test('a name with a slash or a tilde is found', () => {
    const odd: [string, string][] = [['a/b~c', 'too long']];
    const wrong = faultsOf({ ...empty, notes: { pairs: odd } });
    expect(ofPair(field('notes'), odd, 0, wrong)).toHaveLength(1);
  });
});

describe('after an edit', () => {
  const wrong: Raws = {
    ...empty,
    size: 'x',
    tags: { entries: ['t'.repeat(51), 'b', 'b'], pending: '' },
    box: { members: { tags: { entries: ['too long'], pending: '' } } },
  };
  const faults = faultsOf(wrong);
  const after = (changes: Raws) => {
    const now = { ...wrong, ...changes };
    return remaining(faults, wrong, now, () => faultsOf(now)).map(({ pointer }) => pointer);
  };
  test('nothing changes where nothing was edited', () => {
    expect(after({ name: 'New' })).toEqual(['/size', '/tags/0', '/tags/2', '/box/tags/0']);
  });
  test('a fault that was fixed is gone, and those beside it stay, wherever they moved', () => {
    expect(after({ size: '7' })).toEqual(['/tags/0', '/tags/2', '/box/tags/0']);
    expect(after({ tags: { entries: ['b', 'b'], pending: '' } })).toEqual([
      '/size',
      '/box/tags/0',
      '/tags/1',
    ]);
  });
  test('a fault that only the API found stays until its field is edited', () => {
    const fromApi = [{ pointer: '/name', detail: 'must not have an unpaired surrogate' }];
    expect(remaining(fromApi, wrong, { ...wrong, size: '7' }, () => [])).toEqual(fromApi);
    expect(remaining(fromApi, wrong, { ...wrong, name: 'y' }, () => [])).toEqual([]);
  });
});

test('a pointer that no field has is of the whole', () => {
  const all = ['', '/other', '/names', '/name', '/box/x'].map((pointer) => ({ pointer, detail: 'is wrong' }));
  expect(unplaced(fields, all).map(({ pointer }) => pointer)).toEqual(['', '/other', '/names']);
});

test.each([
  [0, 5, false],
  [1, 5, false],
  [2, 5, true],
  [179, 200, false],
  [187, 200, true],
  [203, 200, true],
  [16, 20, false],
  [17, 20, true],
  [4899, 5000, false],
  [4900, 5000, true],
])('%d of %d is near the limit: %s', (count, most, is) => {
  expect(near(count, most, 'characters') !== null).toBe(is);
});

test.each([
  ['name', 'x'.repeat(187), ['187/200 characters']],
  ['name', '😀'.repeat(187), ['187/200 characters']],
  ['name', 'x', []],
  ['name', { code: 'x'.repeat(199) }, []],
  [
    'tags',
    { entries: Array<string>(18).fill('x'), pending: 'y'.repeat(49) },
    ['49/50 characters', '19/20 entries'],
  ],
  ['notes', { pairs: [...Array<[string, string]>(48).fill(['a', 'b']), ['', '']] }, ['48/50 fields']],
  ['size', '1'.repeat(300), []],
] as [string, Raw, string[]][])('the limits of %s with %j that are shown are %j', (name, raw, shown) => {
  expect(limitsOf(field(name), raw).map(({ count, most, of }) => `${count}/${most} ${of}`)).toEqual(shown);
});

test('milliseconds are kept when a time is edited', () => {
  const before = { at: '2026-02-03T04:05:06.789Z' };
  const { at } = rawOf(fields, before);
  const edited = { ...rawOf(fields, before), at: (at as string).replace(':05:', ':07:') };
  expect(judged(fields, schema, edited, before, true)).toEqual({
    value: { at: '2026-02-03T04:07:06.789Z' },
    faults: [],
  });
});

test.each([
  ['2026-03-29T02:30', ['/at']],
  ['2026-03-29T02:30:15', ['/at']],
  ['2026-03-29T03:30', []],
  ['2026-10-25T02:30', []],
])('in a zone that skips 2:30 on one day, %s has the faults %j', (typed, pointers) => {
  const zone = process.env['TZ'];
  process.env['TZ'] = 'Europe/Berlin';
  try {
    expect(faultsOf({ ...empty, at: typed }).map(({ pointer }) => pointer)).toEqual(pointers);
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});
