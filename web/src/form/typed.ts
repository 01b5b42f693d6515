/** Reads numbers as people type them: with the separators of their language, as tables show them. Knows no field and no markup. */
import { compare, decimalOf, type Numeric, numberOf } from '../json/number';

/** What a text was read as, or what is wrong with it. */
export type Reading = { number: Numeric } | { fault: string };

const PLAIN = /^(-?)(?=\.?\d)0*(\d*)(?:\.(\d*))?([eE][+-]?\d+)?$/;
const SPACES = /\s/g; // includes the narrow and the no-break one, which French and others put between thousands
const QUOTES = /['’]/g;

interface Local {
  group: string;
  point: string;
  format: (whole: bigint) => string;
}

function localOf(locale?: string): Local {
  const numbers = new Intl.NumberFormat(locale, { numberingSystem: 'latn', useGrouping: 'always' });
  const parts = numbers.formatToParts(1234567.5);
  const part = (of: string) => alike(parts.find(({ type }) => type === of)?.value ?? '');
  return { group: part('group'), point: part('decimal'), format: (whole) => alike(numbers.format(whole)) };
}

/** All spaces are one, and so are both apostrophes: keyboards have only one of them. */
function alike(text: string): string {
  return text.replace(SPACES, ' ').replace(QUOTES, "'");
}

/** Return a number as its field shows it: its digits, with the reader's decimal separator and without those of thousands. */
export function typedAs(number: Numeric, locale?: string): string {
  return String(number).replace('.', localOf(locale).point);
}

/**
 * Read a typed number, such as `+.50`, `1,000` or `1e3`. Never as another one than the reader meant: where a text has two readings,
 * such as `1.500` in German, it is refused. Not so for an `integer`, of which the table shows one reading and the other has a fraction.
 */
export function readNumber(typed: string, integer: boolean, locale?: string): Reading {
  const text = alike(typed.trim())
    .replace('−', '-')
    .replace(/^\+(?!-)/, '');
  const local = localOf(locale);
  const [plain, grouped] = [fromPlain(text), fromLocal(text, local)];
  const found = grouped ?? plain;
  if (!integer) {
    if (found === undefined) return { fault: 'must be a number' };
    if (plain !== undefined && grouped !== undefined && compare(plain, grouped) !== 0) {
      const [one, other] = [plain, grouped].map((number) => typedAs(number, locale));
      return { fault: `could be ${one} or ${other}: leave out the separator of thousands` };
    }
    return { number: found };
  }
  const whole = found === undefined ? undefined : wholeOf(found);
  if (whole === undefined) return { fault: 'must be an integer' };
  return /e/i.test(text)
    ? { fault: `must be an integer in digits, such as ${spelled(whole, local)}` }
    : { number: numberOf(whole) };
}

function fromPlain(text: string): Numeric | undefined {
  const match = PLAIN.exec(text);
  if (!match) return undefined;
  const [, minus = '', whole = '', fraction = '', power = ''] = match;
  return numberOf(`${minus}${whole || '0'}${fraction && `.${fraction}`}${power.toLowerCase()}`);
}

/** Return what a text with the reader's separators stands for; undefined if thousands are not separated as the reader's language does. */
function fromLocal(text: string, { group, point, format }: Local): Numeric | undefined {
  const minus = text.startsWith('-') ? '-' : '';
  const [whole = '', ...fraction] = text.slice(minus.length).split(point);
  const digits = whole.replaceAll(group, '');
  if (whole !== digits && (!/^\d+$/.test(digits) || format(BigInt(digits)) !== whole)) return undefined;
  if (whole === digits && (point === '.' || !fraction.length)) return undefined; // nothing local in it
  const parts = [digits, ...fraction];
  return parts.some((part) => part.includes('.')) ? undefined : fromPlain(minus + parts.join('.'));
}

function spelled(whole: string, { format }: Local): string {
  return whole.startsWith('-') ? `-${format(BigInt(whole.slice(1)))}` : format(BigInt(whole));
}

const LONGEST = 400; // digits of an integer that is spelled out; none of that length is valid

/** Return the digits of a number without a fraction; undefined if it has one. */
function wholeOf(number: Numeric): string | undefined {
  const { sign, digits, point } = decimalOf(number);
  if (!sign) return '0';
  if (digits.length > point || point > LONGEST) return undefined;
  return (sign < 0 ? '-' : '') + digits.padEnd(point, '0');
}
