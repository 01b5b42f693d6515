/**
 * Two escapes that make cells safe and exact, both undone by an import: an apostrophe before what a spreadsheet would run as a
 * formula, and quotes around what would read as no value. Knows no field.
 */

/** What spreadsheets take for a formula: https://owasp.org/www-community/attacks/CSV_Injection. Apostrophes before it are ours. */
const FORMULA = /^'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])/;
const NO_VALUE = /^("*)(?:\s*|null)\1$/;

/** Return a text that no spreadsheet takes for a formula. */
export function guarded(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

export function unguarded(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}

/** Return a text in quotes if it could be taken for no value: one of white space, or `null`. */
export function quoted(text: string): string {
  return NO_VALUE.test(text) ? `"${text}"` : text;
}

export function unquoted(cell: string): string {
  return cell.startsWith('"') && NO_VALUE.test(cell) ? cell.slice(1, -1) : cell;
}
