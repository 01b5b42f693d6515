/** Values as a table: an object in a cell for each of its properties where they hold all of it, and else as JSON. Knows no file. */
import { isObject, type Json, own, present } from '../json/value';
import type { Field } from '../contract/fields';
import { cellOf } from './cells';
import type { Column, Columns } from './columns';
import { guarded } from './escape';

export interface Table {
  headers: string[];
  rows: string[][];
}

const MOST_NAMES = 50; // of a map; one with more is a column of JSON

/** Return the table of the values' fields. What the columns do not name is left out. */
export function tableOf(columns: Columns, values: Json[]): Table {
  const crowded = crowdedMaps(columns, values);
  const cells = values.map((value) => cellsOf(columns, value, crowded));
  const used = new Set(cells.flatMap((row) => [...row.keys()]));
  const headers = columns.known.flatMap((column) => {
    const inner = namesIn(columns, column, used);
    const whole = used.has(column.header) || (!column.field.fields.length && !inner.length);
    return [...(whole ? [column.header] : []), ...inner];
  });
  return {
    headers: headers.map(guarded),
    rows: cells.map((row) => headers.map((header) => row.get(header) ?? '')),
  };
}

/** Return the headers in use for the names of a map. */
function namesIn(columns: Columns, map: Column, used: Set<string>): string[] {
  if (map.field.control !== 'pairs') return [];
  const known = new Set(columns.known.map(({ header }) => header));
  return [...used].filter((header) => header.startsWith(`${map.header}.`) && !known.has(header));
}

/** Return the headers of the maps that would make too many columns. */
function crowdedMaps(columns: Columns, values: Json[]): Set<string> {
  const names = ({ steps }: Column) =>
    new Set(
      values.flatMap((value) => {
        const map = valueAt(value, steps);
        return isObject(map) ? Object.keys(map) : [];
      }),
    );
  return new Set(columns.maps.filter((map) => names(map).size > MOST_NAMES).map(({ header }) => header));
}

function cellsOf(columns: Columns, value: Json, crowded: Set<string>): Map<string, string> {
  const row = new Map<string, string>();
  const spread = (field: Field, part: unknown, steps: string[]): void => {
    if (part === undefined) return;
    const header = steps.join('.');
    const inner = isObject(part) && !crowded.has(header) ? membersOf(columns, field, part, steps) : null;
    if (!inner) row.set(header, cellOf(field, part));
    else for (const [column, of] of inner) spread(column.field, of, column.steps);
  };
  for (const field of columns.fields) spread(field, own(value, field.name), [field.name]);
  return row;
}

/** Return the properties of an object, each with its column; null if it has none, or one that a column could not hold. */
function membersOf(columns: Columns, field: Field, value: Json, steps: string[]): [Column, unknown][] | null {
  const entries = Object.entries(present(value));
  const members = entries.flatMap(([name, inner]): [Column, unknown][] => {
    const column = columns.named([...steps, name].join('.'));
    const exact = column?.steps.length === steps.length + 1 && column.steps.at(-1) === name;
    return exact && (field.control !== 'pairs' || typeof inner === 'string') ? [[column, inner]] : [];
  });
  return members.length && members.length === entries.length ? members : null;
}

function valueAt(value: unknown, steps: string[]): unknown {
  return steps.reduce<unknown>((here, step) => (isObject(here) ? own(here, step) : undefined), value);
}
