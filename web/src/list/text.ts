/** The texts in which a search looks: of values, not of names that the contract gives. Knows no entry. */
import type { Schema } from '../contract/schema';
import { isNumeric, shownNumber } from '../json/number';
import { isObject, own } from '../json/value';

const ASCII = /^[\0-\x7f]*$/;
const ACCENTS = /[\u0300-\u036f]/g;
/** Letters with a stroke, which Unicode does not take apart. */
const STROKES: Record<string, string> = { ø: 'o', ł: 'l', đ: 'd', ħ: 'h', ŧ: 't', ƀ: 'b' };

/** Return a text without case and accents. */
export function folded(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const plain = text.normalize('NFKD').replace(ACCENTS, '').normalize('NFC');
  return plain
    .toUpperCase() // ß is SS
    .toLowerCase()
    .replace(/[øłđħŧƀ]/g, (letter) => STROKES[letter] ?? letter);
}

/** Return the texts of a value: texts, numbers as stored and as shown, and the names in a map, which are the user's own words. */
export function textsOf(value: unknown, schema: Schema = {}): string[] {
  if (typeof value === 'string') return [value];
  if (isNumeric(value)) return [String(value), shownNumber(value)];
  if (Array.isArray(value)) return value.flatMap((entry) => textsOf(entry, schema.items));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const named = own(schema.properties, name);
    const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
    return named ? textsOf(inner, named) : [name, ...textsOf(inner, rest)];
  });
}
