import { expect, test } from 'vitest';
import { distinctText } from '../src/contract/schema';
import { Exact } from '../src/json/number';
import { joined, marked } from '../src/resource/join';
import { differences, merged, obvious, patched, patchOf } from '../src/resource/merge';

test.each([
  [{ a: 1 }, { a: 1 }, {}],
  [{ a: 1 }, { a: 2 }, { a: 2 }],
  [{ a: 1 }, {}, { a: null }],
  [{}, { a: 1 }, { a: 1 }],
  [{ a: [1, 2] }, { a: [2] }, { a: [2] }],
  [{ a: { b: 'x', c: 'y' } }, { a: { b: 'z', d: 'w' } }, { a: { b: 'z', c: null, d: 'w' } }],
  [{ a: { b: 'x', c: 'y' } }, { a: { c: 'y', b: 'x' } }, {}],
  [{ a: { b: 1, hidden: [null] } }, { a: { b: 2, hidden: [null] } }, { a: { b: 2 } }],
  [{ a: { b: null, c: 1 } }, { a: { b: null, c: 2 } }, { a: { c: 2 } }],
  [{ a: { b: { c: { d: 1, e: 1 } } } }, { a: { b: { c: { d: 2, e: 1 } } } }, { a: { b: { c: { d: 2 } } } }],
  [{ a: [null, 1] }, { a: [null, 2] }, { a: [null, 2] }],
  [{}, { constructor: 1, toString: 2 }, { constructor: 1, toString: 2 }],
  [{ hasOwnProperty: 1 }, {}, { hasOwnProperty: null }],
  [{ a: { constructor: 'x' } }, { a: {} }, { a: { constructor: null } }],
  [
    { a: {} },
    { a: JSON.parse('{"__proto__":"x"}') as object },
    { a: JSON.parse('{"__proto__":"x"}') as object },
  ],
])('the merge patch from %j to %j is %j', (from, to, patch) => {
  expect(patchOf(from, to)).toEqual(patch);
  expect(patched(from, patch)).toEqual(to);
});

test('a merge patch cannot set a property to null', () => {
  expect(patched({ a: 1 }, patchOf({ a: 1 }, { a: null }))).toEqual({});
});

const base = { name: 'Lamp', quantity: 1, tags: ['a'], note: 'old' };
const mine = { name: 'My lamp', quantity: 1, tags: ['a', 'b'] };
const theirs = { name: 'Their lamp', quantity: 2, tags: ['a', 'b'], note: 'old' };

test('each difference names who changed the field; the same change on both sides is not a difference', () => {
  const changes = differences(base, mine, theirs);
  expect(changes.map(({ pointer, changed }) => [pointer, changed])).toEqual([
    ['/name', 'both'],
    ['/quantity', 'theirs'],
    ['/note', 'mine'],
  ]);
});

test('the merged content has the chosen values, removals included', () => {
  const changes = differences(base, mine, theirs);
  const choice: Record<string, 'mine' | 'theirs'> = {
    '/name': 'mine',
    '/quantity': 'theirs',
    '/note': 'mine',
  };
  expect(merged(changes, theirs, (pointer) => choice[pointer])).toEqual({
    name: 'My lamp',
    quantity: 2,
    tags: ['a', 'b'],
  });
});

const member = (text: string) => JSON.parse(text) as Record<string, unknown>;

test.each([
  [
    'two members of one object',
    { box: { a: 1, b: 1 } },
    { box: { a: 2, b: 1 } },
    { box: { a: 1, b: 2 } },
    { box: { a: 2, b: 2 } },
  ],
  ['a value and null', { a: 1 }, { a: null }, { a: 1, b: 2 }, { a: null, b: 2 }],
  ['an object and its removal', { box: { a: 1 }, b: 1 }, { b: 1 }, { box: { a: 1 }, b: 2 }, { b: 2 }],
  [
    'inherited names',
    {},
    member('{"__proto__": 1, "constructor": 2}'),
    { toString: 3 },
    member('{"toString": 3, "__proto__": 1, "constructor": 2}'),
  ],
  [
    'numbers',
    { a: new Exact('9007199254740993') },
    { a: new Exact('9007199254740995') },
    { a: new Exact('9007199254740993'), b: 1 },
    { a: new Exact('9007199254740995'), b: 1 },
  ],
])('changes in two places are joined where they do not meet: %s', (_, before, one, other, both) => {
  const changes = differences(before, one, other);
  expect(changes.map(({ changed }) => changed)).not.toContain('both');
  const chosen = new Map(changes.map(({ pointer, changed }) => [pointer, changed as 'mine' | 'theirs']));
  expect(merged(changes, other, (pointer) => chosen.get(pointer))).toEqual(both);
});

const [sku, more, less] = ['a', 3, 1].map((value, index) =>
  index ? { sku: 'a', amount: value } : { sku: 'b', amount: 2 },
);
const old = { sku: 'a', amount: 2 };

test.each([
  ['an entry added by each', ['a'], ['a', 'b'], ['a', 'c'], ['a', 'c', 'b']],
  ['the same entry added by each', ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c']],
  ['entries added where there was no list', [], ['b'], ['c'], ['c', 'b']],
  ['an entry added and another removed', ['a', 'b'], ['a', 'b', 'c'], ['b'], ['b', 'c']],
  ['an entry removed by each', ['a', 'b', 'c'], ['b', 'c'], ['a', 'b'], ['b']],
  ['an entry put first and one put last', ['a'], ['b', 'a'], ['a', 'c'], ['b', 'a', 'c']],
  ['entries moved, and one added', ['a', 'b'], ['b', 'a'], ['a', 'b', 'c'], ['b', 'a', 'c']],
  ['one of two equal entries removed, and one added', ['a', 'a'], ['a'], ['a', 'a', 'b'], ['a', 'b']],
  ['equal numbers, spelled in two ways', [1], [1, new Exact('2.0')], [1, 2, 3], [1, 2, 3]],
  ['null and its text', [null], [null, 'null'], [null, ''], [null, '', 'null']],
  ['objects', [old, sku], [more, sku], [old], [more]],
  ['lists', [[1]], [[1], [2]], [[1], []], [[1], [], [2]]],
])('changes of both in one list are joined: %s', (_, before, mine, theirs, both) => {
  expect(joined(before, mine, theirs)).toEqual({ value: both, clean: true });
  const changes = differences({ it: before }, { it: mine }, { it: theirs });
  expect(merged(changes, { it: theirs }, () => changes[0] && obvious(changes[0]))).toEqual({ it: both });
});

test.each([
  ['both replaced one text', ['a'], ['b'], ['c'], ['c', 'b']],
  ['both changed one object', [old], [more], [less], [less, more]],
  ['one changed an object that the other removed', [old, sku], [sku], [less, sku], [less, sku]],
  ['both moved entries, differently', ['a', 'b', 'c'], ['b', 'a', 'c'], ['a', 'c', 'b'], ['a', 'c', 'b']],
])('where both may have changed one entry, the user chooses: %s', (_, before, mine, theirs, both) => {
  expect(joined(before, mine, theirs)).toEqual({ value: both, clean: false });
  const [change] = differences({ it: before }, { it: mine }, { it: theirs });
  expect(change && obvious(change)).toBeUndefined();
});

test('lists within objects are joined where they are', () => {
  const [before, my, their] = [['x'], ['x', 'y'], ['x', 'z']].map((list) => ({
    box: { list, a: list.length },
  }));
  const changes = differences(before, my ?? {}, their ?? {});
  expect(changes.map((change) => [change.pointer, obvious(change)])).toEqual([['/box/list', 'joined']]);
});

test('a list is shown with what was added and removed, where it was', () => {
  const texts = (base: unknown[], list: unknown[]) =>
    marked(base, list).map(
      ({ entry, mark }) => `${{ kept: '', added: '+', removed: '-' }[mark]}${String(entry)}`,
    );
  expect(texts(['a', 'b', 'c', 'd'], ['x', 'a', 'c', 'y'])).toEqual(
    ['x', 'a', '-b', 'c', '-d', 'y'].map((text) => (/[xy]/.test(text) ? `+${text}` : text)),
  );
  expect(texts(['a'], [])).toEqual(['-a']);
  expect(texts(['a', 'a'], ['a'])).toEqual(['a', '-a']);
  expect(texts([1], [1, 2])).toEqual(['1', '+2']);
});

const LETTERS = 'abcdefgh'.split('');
test('whatever each side adds is in the joined list, and whatever it removes is not', () => {
  let seed = 16;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  const some = () => LETTERS.filter(() => random(2)).sort(() => random(3) - 1);
  for (let turn = 0; turn < 2000; turn += 1) {
    const [before, mine, theirs] = [some(), some(), some()];
    const { value } = joined(before, mine, theirs);
    const expected = LETTERS.filter((letter) => {
      const [was, my, their] = [before, mine, theirs].map((list) => list.includes(letter));
      return my === their ? my : my !== was ? my : their;
    });
    expect([...value].sort(), JSON.stringify([before, mine, theirs])).toEqual(expected);
  }
});

const ALIKE = [
  ...[
    null,
    'null',
    true,
    'true',
    'Yes',
    1,
    '1',
    '',
    ' ',
    'a',
    'a, b',
    'a: b',
    1234,
    '1,234',
    '"a"',
    '[]',
    '{}',
  ],
  ...[[], [null], ['null'], [''], [' '], ['a'], ['a, b'], ['a', 'b'], [['a', 'b']], ['low', null, 'null']],
  ...[['low', 'null', null], [1], ['1'], [true], ['Yes'], ['true'], ['a\nb']],
  ...[{}, { a: null }, { a: 'null' }, { a: '' }, { a: 1 }, { a: '1' }, { a: 'b' }, { a: 'b\nc: d' }],
  ...[{ a: 'b', c: 'd' }, { 'a: b\nc': 'd' }, { a: { b: 'c' } }, { a: 'b: c' }],
];

test('different values are shown differently, whichever two they are', () => {
  for (const one of ALIKE) {
    for (const other of ALIKE.filter((value) => value !== one)) {
      expect(distinctText(one, [other]), JSON.stringify([one, other])).not.toBe(distinctText(other, [one]));
    }
  }
});

test.each([
  [['low', 'null', null], '["low","null",null]'],
  ['null', '"null"'],
  ['Desk lamp, red: "new"', 'Desk lamp, red: "new"'],
  ['2026-02-03', '2026-02-03'],
  [['a', 'b'], 'a, b'],
  [{ a: 'x', b: 2 }, 'a: x\nb: 2'],
  [false, 'No'],
])('%j is shown as %s: as text, if that is clear', (value, text) => {
  expect(distinctText(value)).toBe(text);
});
