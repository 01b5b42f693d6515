/** Numbers with all their digits: JSON does not limit them (RFC 8259, section 6), and a double has only 53 bits. */

/** A number that a JavaScript number would round or spell in another way, as its JSON text. */
export class Exact {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

export type Numeric = number | Exact;

/** The text of a JSON number. */
export const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** The reader's separators; digits are always ASCII's, as JSON has them. */
const LOCAL = new Intl.NumberFormat(undefined, { numberingSystem: 'latn' });
const POINT = LOCAL.formatToParts(0.5).find(({ type }) => type === 'decimal')?.value ?? '.';

export function isNumeric(value: unknown): value is Numeric {
  return typeof value === 'number' || value instanceof Exact;
}

/** Return the number of a JSON number's text: as a JavaScript number only if that has the same text. */
export function numberOf(text: string): Numeric {
  return String(Number(text)) === text && !text.includes('e') ? Number(text) : new Exact(text);
}

interface Decimal {
  sign: number;
  /** Without zeros at either end. The absolute value is `0.<digits>` times ten to the power of `point`. */
  digits: string;
  point: number;
}

export function decimalOf(number: Numeric): Decimal {
  const [, minus, whole = '', fraction = '', power = '0'] = NUMBER.exec(String(number)) ?? [];
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  const sign = digits ? (minus ? -1 : 1) : 0;
  return { sign, digits, point: digits ? all.length - fraction.length + Number(power) : 0 };
}

/** Return a negative number, zero or a positive number, as `one` is less than, equal to or more than `other`. */
export function compare(one: Numeric, other: Numeric): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [a, b] = [decimalOf(one), decimalOf(other)];
  if (a.sign !== b.sign || !a.sign) return a.sign - b.sign;
  if (a.point !== b.point) return a.sign * (a.point - b.point);
  return a.digits === b.digits ? 0 : a.sign * (a.digits < b.digits ? -1 : 1);
}

/** Return a number for people, with separators. Numbers of different values have different texts. */
export function shownNumber(number: Numeric): string {
  const [, minus = '', whole = '', rest = ''] = /^(-?)(\d+)(.*)$/.exec(String(number)) ?? [];
  return minus + LOCAL.format(BigInt(whole)) + rest.replace('.', POINT);
}
