import { expect, test } from 'vitest';
import { textOf } from '../src/contract/schema';
import { brokenAt } from '../src/json/broken';
import { compare, Exact, numberOf, shownNumber } from '../src/json/number';
import { at, own, parse, pointerTo, same, stepsOf, write } from '../src/json/value';

test.each([
  '{"a":9007199254740993,"b":[12345678901234567890.12345678901234567890,1e400,-0,1.10]}',
  '{"__proto__":{"x":1},"constructor":[null],"toString":null,"hasOwnProperty":"y"}',
  '[{"isLosslessNumber":true},{"toJSON":1},[],{},"\\ud800"]',
])('%s is read and written without a change', (text) => {
  expect(write(parse(text))).toBe(text);
});

test('JSON text on several lines is the same value', () => {
  const value = { list: [1, [], { a: null }], none: {}, big: new Exact('1e400') };
  expect(write(value, '  ')).toBe(
    '{\n  "list": [\n    1,\n    [],\n    {\n      "a": null\n    }\n  ],\n  "none": {},\n  "big": 1e400\n}',
  );
  expect(parse(write(value, '  '))).toEqual(value);
});

test.each([
  ['0', -0],
  ['1.10', 1.1],
  ['100', '1e2'],
  ['9007199254740993', '9007199254740993.0'],
  ['0.00', '-0e5'],
  ['-12.5e-3', '-0.0125'],
])('%s and %s are one value', (one, other) => {
  expect(same(numberOf(one), numberOf(String(other)))).toBe(true);
});

test.each([
  ['9007199254740992', '9007199254740993'],
  ['-2', '-1'],
  ['-1', '0'],
  ['0', '1e-130'],
  ['0.1', '0.10000000000000000000000000001'],
  ['1e125', '1e126'],
  ['99', '100.5'],
])('%s is less than %s', (one, other) => {
  expect(compare(numberOf(one), numberOf(other))).toBeLessThan(0);
  expect(compare(numberOf(other), numberOf(one))).toBeGreaterThan(0);
  expect(same(numberOf(one), numberOf(other))).toBe(false);
});

test('numbers of different values are shown differently', () => {
  const texts = ['0', '0.0004', '0.0005', '1.2345', '1.2346', '1e21', '1000', '1.5e300', '9007199254740992'];
  const more = ['9007199254740993', '12345678901234567890.1', '12345678901234567890.2', '-0.0004', '1e-7'];
  const shown = [...texts, ...more].map((text) => shownNumber(numberOf(text)));
  expect(new Set(shown).size).toBe(shown.length);
  expect(shown[1]).toMatch(/^0.0004$/);
  expect(textOf({ a: [numberOf('1.2345')] })).toBe('a: 1.2345');
});

test('names that objects inherit are properties only if they are own', () => {
  const object = { a: 1 } as Record<string, unknown>;
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    expect(own(object, name)).toBeUndefined();
    expect(at(object, pointerTo('', name))).toBeUndefined();
    const value = parse(`{"${name}": 1}`);
    expect(at(value, pointerTo('', name))).toBe(1);
    expect(same(value, {})).toBe(false);
    expect(same({}, value)).toBe(false);
  }
});

test('a JSON pointer leads to its value', () => {
  const value = { 'a/b': { '~1': [10, { '': 11 }] } };
  const pointer = pointerTo(pointerTo(pointerTo(pointerTo('', 'a/b'), '~1'), 1), '');
  expect(stepsOf(pointer)).toEqual(['a/b', '~1', '1', '']);
  expect(at(value, pointer)).toBe(11);
  expect(at(value, '/a~1b/~01/constructor')).toBeUndefined();
});

test.each([
  ['{', 'it ends too early, a quote or bracket is not closed'],
  ['{"a":"b', 'it ends too early, a quote or bracket is not closed'],
  ['{\n "a": 1,\n}', 'see line 3, character 1'],
  ['[1 2]', 'see line 1, character 4'],
  ['x', 'see line 1, character 1'],
  ['1 2', 'see line 1, character 3'],
  ['"\\x"', 'see line 1, character 2'],
  ['{"it\'s":1,"it\'s":2}', "“it's” is in it twice"],
])('where %j is not JSON is said without a word of the library', (text, expected) => {
  let broken: unknown;
  try {
    parse(text);
  } catch (error) {
    broken = error;
  }
  expect(brokenAt(text, broken as SyntaxError)).toBe(expected);
});
