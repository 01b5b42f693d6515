/** Numbers as people type them, in several languages: read as what they mean, or refused. */
import { describe, expect, test } from 'vitest';
import { readNumber, typedAs } from '../src/form/typed';
import { numberOf } from '../src/json/number';
import { write } from '../src/json/value';

/** The JSON text of what was read, or the fault. */
function read(typed: string, integer: boolean, locale?: string): string {
  const reading = readNumber(typed, integer, locale);
  return 'number' in reading ? write(reading.number) : reading.fault;
}

test.each([
  ['9007199254740993', '9007199254740993'],
  ['0.12345678901234567890', '0.12345678901234567890'],
  [' +7 ', '7'],
  ['.5', '0.5'],
  ['5.', '5'],
  ['007', '7'],
  ['-00.50', '-0.50'],
  ['−2', '-2'],
  ['1E3', '1e3'],
  ['1,234,567.25', '1234567.25'],
])('a typed %s is %s, with every digit', (typed, text) => {
  expect(read(typed, false, 'en')).toBe(text);
});

test.each([
  ['3.0', '3'],
  ['0.0', '0'],
  ['1,000', '1000'],
  ['-12,345,678,901,234,567,890', '-12345678901234567890'],
])('as an integer, a typed %s is %s', (typed, text) => {
  expect(read(typed, true, 'en')).toBe(text);
});

const NONE = ['.', '-', 'e5', '.e5', '1,5', '0x10', '0b1', '1_000', 'Infinity', 'NaN', '1 2', '--1', '+-1'];
test.each([...NONE, '1e', '1e1.5', '1,00', '1,0000', ',100', '10,00,000'])(
  'a typed %j is not a number',
  (typed) => {
    expect(read(typed, false, 'en')).toBe('must be a number');
    expect(read(typed, true, 'en')).toBe('must be an integer');
  },
);

test.each([
  ['1e3', '1,000'],
  ['-1.5e1', '-15'],
])('an integer is written in digits: %s is refused, with the digits', (typed, digits) => {
  expect(read(typed, true, 'en')).toBe(`must be an integer in digits, such as ${digits}`);
});

const LOCALES = ['en-GB', 'de', 'de-CH', 'fr', 'en-IN', 'es', 'pl', 'sv', 'ar-EG', 'pt-PT', 'bg', 'hi', 'ja'];
describe.each(LOCALES)('in %s', (locale) => {
  const shown = (value: number) =>
    new Intl.NumberFormat(locale, { numberingSystem: 'latn', maximumFractionDigits: 9 }).format(value);
  test.each([0, 7, 1000, 1234, 98765, 100000, 1234567])(
    '%d can be typed as tables show it, and plain',
    (value) => {
      expect(read(shown(value), true, locale)).toBe(String(value));
      expect(read(String(value), true, locale)).toBe(String(value));
    },
  );
  test.each([0.5, 1234.5, 1234567.25, 0.0004])('%d can be typed as tables show it', (value) => {
    expect(read(shown(value), false, locale)).toBe(String(value));
  });
  test.each(['1.10', '-0.0004', '1e21', '9007199254740993.5', '1.234', '0.125'])(
    '%s is the same number when it is read from its field',
    (text) => {
      expect(read(typedAs(numberOf(text), locale), false, locale)).toBe(text);
    },
  );
});

test('where a dot separates thousands, a number that could be two is refused with both', () => {
  expect(read('1.500', false, 'de')).toBe('could be 1,500 or 1500: leave out the separator of thousands');
  expect(read('1.5', false, 'de')).toBe('1.5');
  expect(read('1,500', false, 'de')).toBe('1.500');
  expect(read('1.500', true, 'de')).toBe('1500');
  expect(read('1.500.000', false, 'de')).toBe('1500000');
});

test('the spaces and apostrophes of a keyboard stand for those of a language', () => {
  expect(read('1 234,5', false, 'fr')).toBe('1234.5');
  expect(read("1'234", true, 'de-CH')).toBe('1234');
});
