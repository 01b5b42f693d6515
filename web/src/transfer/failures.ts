/** The rows of a file that were not created, as a file that can be corrected and imported. Knows no markup. */
import { isObject, type Json, parse } from '../json/value';
import { download } from './download';
import { jsonOf, spelledCsv, type Format } from './export';
import type { Failure } from './run';

const WHY = 'why';
const ROW = 'row';

/** Save the rows with the columns of their file, and before these where each was in it and why it failed. */
export function downloadFailures(file: string, format: Format, headers: string[], failures: Failure[]): void {
  const rows = failures.map(({ row, why }) => ({
    place: row.place,
    why,
    cells: parse(row.cells) as unknown[],
  }));
  const name = `${file.replace(/\.[^.]*$/, '')}-failed.${format}`;
  if (format === 'json') {
    download(
      name,
      'application/json',
      jsonOf(rows.map((row) => ({ ...named(headers, row.cells), [ROW]: row.place, [WHY]: row.why }))),
    );
    return;
  }
  const table = rows.map(({ place, why, cells }) => [
    String(place),
    why,
    ...headers.map((_, index) => textOf(cells[index])),
  ]);
  download(name, 'text/csv', spelledCsv([[ROW, WHY, ...headers], ...table]));
}

function named(headers: string[], cells: unknown[]): Json {
  const present = headers
    .map((header, index) => [header, cells[index]] as const)
    .filter(([, cell]) => cell !== undefined && cell !== null);
  return Object.fromEntries(present);
}

function textOf(cell: unknown): string {
  return typeof cell === 'string' && !isObject(cell) ? cell : '';
}
