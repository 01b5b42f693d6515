/** Files: what is exported is imported without loss, and what is not ours is read as its author meant it, or refused. */
import { describe, expect, test } from 'vitest';
import type { Schema } from '../src/contract/schema';
import { fieldsOf } from '../src/contract/fields';
import { type Json, parse, same, write } from '../src/json/value';
import { Columns } from '../src/transfer/columns';
import { csvOf, jsonOf } from '../src/transfer/export';
import { canonical, keysOf } from '../src/transfer/keys';
import { rowsOf, targetsOf } from '../src/transfer/plan';
import { textIn } from '../src/transfer/reading';
import { sourceOf } from '../src/transfer/source';

const object = (properties: Record<string, Schema>, more: Partial<Schema> = {}): Schema => ({
  ...{ type: 'object', additionalProperties: false, properties },
  ...more,
});

/** What the rows of a file become: their content as JSON text, and their faults. */
function imported(schema: Schema, file: string, text: string) {
  const columns = new Columns(fieldsOf(schema));
  const source = sourceOf(file, text);
  return rowsOf(source, targetsOf(columns, source.headers), schema).map(({ content, faults, place, id }) => ({
    content: canonical(content),
    faults: faults.map(({ pointer, detail }) => `${pointer} ${detail}`),
    place,
    id,
  }));
}

function cell(schema: Schema, text: string) {
  const [row] = imported(
    object({ it: schema, other: {} }),
    'a.csv',
    `it,other\r\n"${text.replaceAll('"', '""')}",1`,
  );
  return row?.faults.length ? row.faults : (parse(row?.content ?? '') as Json)['it'];
}

const text: Schema = { type: 'string' };
const mixed: Schema = { type: 'string', nullable: true };
const words: Schema = { type: 'array', items: text };
const closed = object({ street: text, 'no.': text, box: object({ width: { type: 'integer' } }) });

const SHAPES: [string, Schema, string[]][] = [
  [
    'text',
    text,
    ['"x"', '""', '" "', '"null"', '"\\"\\""', '"a\\nb"', '"a\\r\\nb"', '"a,b;c\\td|e"', '"“é”"', '"1"'],
  ],
  [
    'formula',
    text,
    ['"=1+1"', '"\'=1+1"', '"\'\'@a"', '"-1"', '"+49"', '" =1"', '"\\t=1"', '"\'tis"', '"＝1"'],
  ],
  ['nullable text', mixed, ['null', '"null"', '"\\"null\\""', '""', '"\\"\\""']],
  [
    'enum',
    { type: 'string', enum: ['red', 'Red', '', 'null', '1'] },
    ['"red"', '"Red"', '""', '"null"', '"1"'],
  ],
  ['nullable enum', { type: 'string', nullable: true, enum: ['red', null] }, ['null', '"red"']],
  ['enum of numbers', { type: 'integer', enum: [1, 2] }, ['1', '2']],
  ['enum of anything', { enum: [1, '1', true, null] }, ['1', '"1"', 'true', 'null']],
  [
    'integer',
    { type: 'integer', nullable: true },
    ['7', '-7', '0', '12345678901234567890123456789012345678', 'null'],
  ],
  [
    'number',
    { type: 'number' },
    ['0.0004', '1234567890123456789.123456789', '1e125', '-1e-130', '1.000', '0.70'],
  ],
  ['boolean', { type: 'boolean', nullable: true }, ['true', 'false', 'null']],
  ['date and time', { type: 'string', format: 'date-time' }, ['"2026-01-31T09:26:53.5+02:00"']],
  [
    'list of texts',
    words,
    [
      '["a","b"]',
      '[]',
      '[""]',
      '["a, b","c"]',
      '["a;b"]',
      '[" a"]',
      '["[1]"]',
      '["null"]',
      '["=a","b"]',
      '["a\\nb"]',
    ],
  ],
  ['list of an enum', { type: 'array', items: { type: 'string', enum: ['a', 'b'] } }, ['["b","a"]', '[]']],
  ['list of numbers', { type: 'array', items: { type: 'number' } }, ['[0.1,0.10000000000000001]', '[]']],
  ['list of texts or null', { type: 'array', items: mixed }, ['["null",null,""]']],
  ['list of objects', { type: 'array', items: object({ a: text }) }, ['[{"a":"x"}]']],
  [
    'map of texts',
    { type: 'object', additionalProperties: text },
    ['{"a":"b","=c":"=d","e.f":"","null":"null"}', '{"toString":"c","__proto__":"d"}', '{}', '{" ":"x"}'],
  ],
  ['map of numbers', { type: 'object', additionalProperties: { type: 'number' } }, ['{"a":1.50}', '{}']],
  [
    'closed object',
    closed,
    ['{"street":"a","no.":"b"}', '{"box":{"width":1}}', '{"box":{}}', '{"street":""}', '{}'],
  ],
  ['nullable object', { ...closed, nullable: true }, ['null', '{"street":"=a"}']],
  [
    'open object',
    { type: 'object', properties: { a: text } },
    ['{"a":"x","more":[null,1.10]}', '{"b":1}', '{}'],
  ],
  ['anything', {}, ['null', '"null"', '1.10', '{"a":[null]}', '[]', '""', 'false', '"=1"', '"[1]"']],
];

describe.each(SHAPES)('%s', (_, shape, values) => {
  for (const property of ['it', 'constructor', 'a/b~c d', 'a.b', '=it', 'toString'])
    test(`exported and imported as “${property}”, it is the same`, () => {
      const schema = object({ name: text, [property]: shape });
      const contents = [...values, undefined].map((value) =>
        canonical(
          parse(value === undefined ? '{"name":"n"}' : `{"name":"n",${JSON.stringify(property)}:${value}}`),
        ),
      );
      const resources = contents.map((content, index) => ({
        ...(parse(content) as Json),
        ...{ id: `id-${index}`, version: 1, created_at: 'c', updated_at: 'u' },
      }));
      for (const [file, written] of [
        ['a.csv', csvOf(new Columns(fieldsOf(schema)), resources)],
        ['a.json', jsonOf(resources)],
      ] as const) {
        const rows = imported(schema, file, written);
        expect(rows.map(({ content }) => content)).toEqual(contents);
        expect(rows.flatMap(({ faults }) => faults)).toEqual([]);
        expect(rows.map(({ id }) => id)).toEqual(resources.map(({ id }) => id));
      }
    });
});

test('no cell of an export begins as a formula, and a number keeps its digits', () => {
  const schema = object({
    name: text,
    tags: words,
    map: { type: 'object', additionalProperties: text },
    n: { type: 'number' },
  });
  const csv = csvOf(new Columns(fieldsOf(schema)), [
    parse('{"name":"=1","tags":["@a"],"map":{"=k":"+1"},"n":-0.10000000000000000001}') as Json,
  ]);
  expect(csv).toBe("\ufeffname,tags,map.=k,n\r\n'=1,'@a,'+1,-0.10000000000000000001\r\n");
});

test('objects within a field are columns of their own', () => {
  const schema = object({ name: text, place: closed, map: { type: 'object', additionalProperties: text } });
  const csv = csvOf(new Columns(fieldsOf(schema)), [
    { place: { street: 'a', box: { width: 1 } } },
    { map: { 'b c': 'd' } },
  ]);
  expect(csv.slice(1).split('\r\n')).toEqual([
    'name,place.street,place.no.,place.box.width,map.b c',
    ',a,,1,',
    ',,,,d',
    '',
  ]);
});

test('a map with very many names is one column', () => {
  const schema = object({ map: { type: 'object', additionalProperties: text } });
  const values = Array.from({ length: 60 }, (_, n) => ({ map: { [`k${n}`]: 'v' } }));
  const csv = csvOf(new Columns(fieldsOf(schema)), values);
  expect(csv.slice(1).split('\r\n')[0]).toBe('map');
  expect(imported(schema, 'a.csv', csv)[59]?.content).toBe('{"map":{"k59":"v"}}');
});

describe('a cell that another program wrote', () => {
  const integer: Schema = { type: 'integer' };
  test.each([
    [integer, ' 7 ', 7],
    [integer, '4.0', 4],
    [integer, '1,000', 1000],
    [integer, '0x10', ['/it must be an integer']],
    [integer, '1.5', ['/it must be an integer']],
    [{ type: 'number' }, '+.50', 0.5],
    [{ type: 'number' }, 'n/a', ['/it must be a number']],
    [{ type: 'boolean' }, 'TRUE', true],
    [{ type: 'boolean' }, 'No', false],
    [{ type: 'boolean' }, '1', ['/it must be true or false']],
    [{ type: 'string', enum: ['red'] }, 'RED ', 'red'],
    [{ type: 'string', enum: ['red'] }, 'blue', ['/it must be one of red']],
    [words, 'a; b,, c', ['a', 'b', 'c']],
    [words, '[a', ['/it must be JSON, for example ["a", "b"] or {"a": "b"}']],
    [text, 'null', 'null'],
    [text, '  ', undefined],
  ] as [Schema, string, unknown][])('%o %s', (schema, typed, expected) => {
    const read = cell(schema, typed);
    expect(same(read, expected), write(read)).toBe(true);
  });

  test('a number with two readings is refused in a file with semicolons', () => {
    const schema = object({ n: { type: 'number' }, name: text });
    const [comma] = imported(schema, 'a.csv', 'n,name\n1.500,x');
    expect(comma).toMatchObject({ content: '{"n":1.500,"name":"x"}', faults: [] });
  });
});

describe('a file', () => {
  const schema = object(
    {
      name: text,
      unit_price: { type: 'number', title: 'Price' },
      map: { type: 'object', additionalProperties: text },
    },
    { required: ['name'] },
  );
  test('columns are found by name, title and place within a map', () => {
    const rows = imported(schema, 'a.csv', 'NAME;Unit Price;map.colour;other\nLamp;5;green;x\n');
    expect(rows[0]?.content).toBe('{"map":{"colour":"green"},"name":"Lamp","unit_price":5}');
    expect(imported(schema, 'a.csv', 'name\tprice\nLamp\t5')[0]?.content).toBe(
      '{"name":"Lamp","unit_price":5}',
    );
  });
  test('only the first of two columns for one field is used', () => {
    expect(imported(schema, 'a.csv', 'name,Name\na,b')[0]?.content).toBe('{"name":"a"}');
  });
  test('a field given as a whole and by its parts is a fault', () => {
    expect(imported(schema, 'a.csv', 'name,map.a,map\na,b,"{""c"":""d""}"')[0]?.faults).toEqual([
      '/map is given both as a whole and by its parts',
    ]);
  });
  test('rows are counted as a spreadsheet does, also after empty ones and line breaks in cells', () => {
    const rows = imported(schema, 'a.csv', 'name\n"a\nb"\n\nc\n');
    expect(rows.map(({ place }) => place)).toEqual([2, 4]);
  });
  test('each row has its own faults', () => {
    const rows = imported(schema, 'a.csv', 'name,price\n,5\nLamp,five\n');
    expect(rows.map(({ faults }) => faults)).toEqual([
      ['/name is required'],
      ['/unit_price must be a number'],
    ]);
  });
  test('JSON is an array, a page of the API, one object, or one object a line', () => {
    for (const body of [
      '[{"name":"a"}]',
      '{"entries":[{"name":"a"}],"next_cursor":null}',
      '{"name":"a"}',
      '{"name":"a"}\n',
    ])
      expect(imported(schema, 'a.json', body).map(({ content }) => content)).toEqual(['{"name":"a"}']);
    expect(imported(schema, 'a.jsonl', '{"name":"a"}\n\n{"name":"b","unit_price":null}')).toMatchObject([
      { content: '{"name":"a"}', place: 1 },
      { content: '{"name":"b"}', place: 3 },
    ]);
  });
  test.each([
    ['a.csv', '', 'The file is empty.'],
    ['a.csv', 'name,price\n', 'The file has headers, but no rows below them.'],
    ['a.json', '[]', 'The file has no entries.'],
    ['a.json', '[1]', 'Entry 1 of the file is not a JSON object.'],
    [
      'a.json',
      '[{"name":',
      'The file is not JSON: it is cut off, or has a character that does not belong there.',
    ],
    ['a.jsonl', '{"name":"a"}\n{"name"', 'Line 2 of the file is not JSON.'],
  ])('%s with %o: %s', (file, body, message) => {
    expect(() => sourceOf(file, body)).toThrow(message);
  });
  test('what is wrong with its quotation marks is said', () => {
    expect(sourceOf('a.csv', 'name\n"a\nb').doubt).toContain('quotation mark');
    expect(sourceOf('a.csv', 'name\na,b').doubt).toContain('Row 2 has more cells');
  });
  test('bytes are read in the encoding that they are in', async () => {
    const bytes = (...all: number[]) => textIn(new Blob([new Uint8Array(all)]));
    expect(await bytes(0x62, 0xc3, 0xa9)).toEqual({ text: 'bé', guessed: false });
    expect(await bytes(0xff, 0xfe, 0x62, 0, 0xe9, 0)).toEqual({ text: 'bé', guessed: false });
    expect(await bytes(0x62, 0xe9)).toEqual({ text: 'bé', guessed: true });
  });
});

describe('the keys of an import', () => {
  const some = (...texts: string[]) => keysOf(texts.map(parse));
  test('are the same for the same content, whatever the order of its fields and the other rows', async () => {
    const [one, other] = await some('{"a":1,"b":{"c":"x","d":2}}', '{"a":2}');
    expect(await some('{"a":2}', '{"b":{"d":2,"c":"x"},"a":1}')).toEqual([other, one]);
    expect(one).toMatch(/^[!-~]{1,255}$/);
  });
  test('differ for equal rows of one file', async () => {
    const keys = await some('{"a":1}', '{"a":1}', '{"a":1.0}');
    expect(new Set(keys).size).toBe(3);
  });
});
