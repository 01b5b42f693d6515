/**
 * The columns that a file can have: one for each field, for each property of an object, and for each name in a map of texts, such as
 * `attributes.colour`. Knows no file and no value.
 */
import { type Field, fieldsOf } from '../contract/fields';
import { unguarded } from './escape';

export interface Column {
  /** In the file: the names of the fields that lead to it. */
  header: string;
  /** For people: the titles of these fields. */
  title: string;
  steps: string[];
  field: Field;
}

export class Columns {
  /** Those that the contract names, an object before its properties. */
  readonly known: Column[];
  readonly #found = new Map<string, Column | undefined>();

  constructor(readonly fields: Field[]) {
    this.known = columnsOf(fields);
    for (const column of [...this.known].sort((one, other) => other.steps.length - one.steps.length))
      this.#found.set(column.header, column);
  }

  /** Return the column that a header names exactly. */
  named(header: string): Column | undefined {
    if (!this.#found.has(header)) this.#found.set(header, this.#inMap(header));
    return this.#found.get(header);
  }

  /** Return the column that a header most likely means: by its name, or else by its name or title written in another way. */
  meant(header: string): Column | undefined {
    const text = unguarded(header).trim();
    const alike = (column: Column) =>
      [column.header, column.title].some((name) => plain(name) === plain(text));
    return (
      this.named(unguarded(header)) ?? this.named(text) ?? (plain(text) ? this.known.find(alike) : undefined)
    );
  }

  /** The maps of texts, in which any name can be a column. */
  get maps(): Column[] {
    return this.known.filter(({ field }) => field.control === 'pairs');
  }

  #inMap(header: string): Column | undefined {
    const map = this.maps.find((one) => header.startsWith(`${one.header}.`));
    const name = map && header.slice(map.header.length + 1);
    return name ? columnIn(map, name) : undefined;
  }
}

function columnsOf(fields: Field[], steps: string[] = [], titles: string[] = []): Column[] {
  return fields.flatMap((field) => {
    const path = [...steps, field.name];
    const named = [...titles, field.title];
    const column = { header: path.join('.'), title: named.join(' › '), steps: path, field };
    return [column, ...columnsOf(field.fields, path, named)];
  });
}

/** Return the column for one name of a map of texts. */
export function columnIn(map: Column, name: string): Column {
  const values = map.field.schema.additionalProperties;
  const schema = { properties: Object.fromEntries([[name, typeof values === 'object' ? values : {}]]) };
  const [field] = fieldsOf(schema, map.field.pointer);
  if (!field) throw new Error('A map has a field for each of its names.');
  return {
    header: `${map.header}.${name}`,
    title: `${map.title} › ${name}`,
    steps: [...map.steps, name],
    field,
  };
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
