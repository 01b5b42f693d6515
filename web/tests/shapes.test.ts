/** Every shape of field: shown, edited and saved without touching what was not edited. */
import { describe, expect, test } from 'vitest';
import type { Schema } from '../src/contract/schema';
import { faults, newFaults } from '../src/contract/validate';
import { fieldsOf } from '../src/contract/fields';
import { type Group, type Pairs, type Raw, type Raws, rawOf, valueOf, type Words } from '../src/form/raw';
import { type Json, parse, write } from '../src/json/value';
import { titleOf } from '../src/list/content';
import { usualColumns } from '../src/resource/columns';
import { patched, patchOf } from '../src/resource/merge';

const object = (properties: Record<string, Schema>, more: Partial<Schema> = {}): Schema => ({
  ...{ type: 'object', additionalProperties: false, properties },
  ...more,
});

/** What saving sends, as JSON text, and the faults, after `edit` changed the controls of a resource with the content `before`. */
function saved(schema: Schema, before: string, edit: (raw: Raws) => Raws) {
  const [fields, base] = [fieldsOf(schema), parse(before) as Json];
  const { value, faults: unread } = valueOf(fields, edit(rawOf(fields, base)), base);
  return {
    value,
    patch: write(patchOf(base, value)),
    faults: [...unread, ...newFaults(value, schema, base)],
  };
}

const name: Schema = { type: 'string' };
const renamed = (raw: Raws): Raws => ({ ...raw, name: 'New' });
const text: Schema = { type: 'string' };
const mixed: Schema = { type: 'string', nullable: true };

/** A schema, and stored values of it: some that its control can show, some that it cannot, some no longer valid. */
const SHAPES: [string, Schema, string[]][] = [
  ['text', text, ['"x"', '""', '"  "', '"a\\nb"', '"a\\r\\nb"', '7', 'null']],
  ['long text', { type: 'string', maxLength: 5000 }, ['"a\\nb"', '"a\\r\\nb"']],
  ['nullable text', mixed, ['null', '"null"', '""']],
  ['enum', { type: 'string', enum: ['red', ''] }, ['"red"', '""', '"mauve"', '1', 'null']],
  ['nullable enum', { type: 'string', nullable: true, enum: ['red', null] }, ['null', '"red"', '"null"']],
  ['enum of numbers', { type: 'integer', enum: [1, 2] }, ['1', '3', '"1"']],
  ['enum of anything', { enum: [1, '1', true, null] }, ['1', '"1"', 'true', 'null']],
  ['integer', { type: 'integer', format: 'int64' }, ['9223372036854775807', '-0', '1e3', '"7"', 'null']],
  ['number', { type: 'number' }, ['0.1234567890123456789', '1.10', '1e400', '1e21', '0.0000001']],
  ['boolean', { type: 'boolean', nullable: true }, ['true', 'false', 'null', '"true"', '0']],
  ['date', { type: 'string', format: 'date' }, ['"2026-02-03"', '"2026-02-30"', '"+12026-01-01"', '""']],
  [
    'date and time',
    { type: 'string', format: 'date-time' },
    ['"2026-02-03T04:05:06.789+02:00"', '"2016-12-31T23:59:60Z"', '"2026-02-03t04:05:06z"', '"soon"'],
  ],
  ['URI', { type: 'string', format: 'uri' }, ['"urn:x"', '" x\\n"']],
  ['e-mail', { type: 'string', format: 'email' }, ['"a@b"', '" a@b "']],
  ['password', { type: 'string', format: 'password' }, ['"x"', '"x\\ny"']],
  [
    'list of texts',
    { type: 'array', items: text },
    ['["a","a",""]', '["a",null,1]', '["a\\nb"]', '{}', '[]'],
  ],
  ['list of texts or null', { type: 'array', items: mixed }, ['["null",null]', '[]']],
  [
    'list of an enum',
    { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
    ['["b","a"]', '["a","a"]', '["gone","a"]', '[null]'],
  ],
  ['list of numbers', { type: 'array', items: { type: 'number' } }, ['[9007199254740993,0.10,null]']],
  ['list of objects', { type: 'array', items: object({ a: text }) }, ['[{"a":"x"},{"b":null}]', '[[]]']],
  ['list of lists', { type: 'array', items: { type: 'array', items: mixed } }, ['[[null],[]]']],
  [
    'map of texts',
    { type: 'object', additionalProperties: text },
    ['{" a ":"x","":"y"}', '{"a":null}', '{"__proto__":"x","constructor":"y"}', '{"a":"x\\ny"}', '[]', '{}'],
  ],
  ['map of texts or null', { type: 'object', additionalProperties: mixed }, ['{"a":null,"b":"null"}']],
  ['map of numbers', { type: 'object', additionalProperties: { type: 'number' } }, ['{"a":1e400,"b":-0}']],
  ['closed object', object({ a: text, b: mixed }), ['{"a":"x","b":null}', '{"gone":[null]}', '{}', '[]']],
  [
    'open object',
    { type: 'object', properties: { a: text } },
    ['{"a":"x","more":[null,1.10],"__proto__":{"b":null}}', '{"toString":null}'],
  ],
  [
    'open object of texts',
    { type: 'object', properties: { a: text }, additionalProperties: text },
    ['{"a":"x","b":"y"}', '{"b":null}', '{"b":1e400}'],
  ],
  [
    'nullable object',
    object({ a: object({ b: mixed }) }, { nullable: true }),
    ['null', '{"a":{"b":null}}', '{"a":1}'],
  ],
  ['anything', {}, ['null', '"null"', '1.10', '{"a":[null]}', '[]', '""', 'false']],
  ['anything, nullable', { nullable: true }, ['null', '"null"']],
  ['object without a schema', { type: 'object' }, ['{"a":null}', '{}']],
];

describe.each(SHAPES)('%s', (_, shape, values) => {
  test.each(values)('%s stays as it is and is not judged when another field is edited', (stored) => {
    for (const property of ['it', 'constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      const properties = parse(`{"${property}":${write(shape)}}`) as Record<string, Schema>;
      const schema = object({ name, ...properties });
      expect(Object.keys(schema.properties ?? {})).toEqual(['name', property]);
      const before = `{"name":"Old","${property}":${stored}}`;
      const { value, patch, faults } = saved(schema, before, renamed);
      expect(write(value)).toBe(`{"name":"New","${property}":${stored}}`);
      expect(patch).toBe('{"name":"New"}');
      expect(faults).toEqual([]);
    }
  });
  test.each(values)('%s inside an object stays as it is when a sibling is edited', (stored) => {
    const schema = object({ box: object({ name, it: shape }), list: { type: 'array', items: {} } });
    const before = `{"box":{"name":"Old","it":${stored}},"list":[${stored}]}`;
    const { patch, faults } = saved(schema, before, (raw) => {
      const box = raw['box'] as Group;
      return { ...raw, box: { ...box, members: { ...box.members, name: 'New' } } };
    });
    expect(patch).toBe('{"box":{"name":"New"}}');
    expect(faults).toEqual([]);
  });
  test('no value is no value', () => {
    const schema = object({ it: shape });
    expect(saved(schema, '{}', (raw) => raw)).toEqual({ value: {}, patch: '{}', faults: [] });
  });
});

describe('an edit sends only what was edited', () => {
  const set = (raw: Raw) => (raws: Raws) => ({ ...raws, it: raw });
  const it = (schema: Schema) => object({ it: schema });
  test('a property that an open object does not show stays', () => {
    const schema = it({ type: 'object', properties: { a: text } });
    const { value, patch } = saved(schema, '{"it":{"a":"x","more":[null]}}', (raw) => ({
      it: { ...(raw['it'] as Group), members: { a: 'y' } },
    }));
    expect(patch).toBe('{"it":{"a":"y"}}');
    expect(value).toEqual({ it: { a: 'y', more: [null] } });
  });
  test('an emptied object keeps what it does not show', () => {
    const schema = it(object({ a: text }));
    const emptied = (raw: Raws): Raws => ({ it: { ...(raw['it'] as Group), members: { a: '' } } });
    expect(saved(schema, '{"it":{"a":"x","gone":1}}', emptied).patch).toBe('{"it":{"a":null}}');
    expect(saved(schema, '{"it":{"a":"x"}}', emptied).patch).toBe('{"it":{"a":null}}');
  });
  test('a stored object whose members are cleared one after another loses nothing that the API does not show', () => {
    const geo = object({ lat: { type: 'number' } });
    const schema = object({ address: object({ street: text, geo }) });
    const cleared = () => ({ address: { members: { street: '', geo: { members: { lat: '' } } } } });
    const patchOfClearing = (before: string) => saved(schema, before, cleared).patch;
    expect(patchOfClearing('{"address":{"geo":{"lat":1}}}')).toBe('{"address":{"geo":{"lat":null}}}');
    expect(patchOfClearing('{"address":{"street":"x"}}')).toBe('{"address":{"street":null}}');
    expect(patchOfClearing('{"address":{"street":"x","geo":{"lat":1}}}')).toBe(
      '{"address":{"street":null,"geo":{"lat":null}}}',
    );
    expect(patchOfClearing('{"address":{"geo":{}}}')).toBe('{}');
    expect(patchOfClearing('{"address":{}}')).toBe('{}');
    expect(patchOfClearing('{}')).toBe('{}');
  });
  test('of an open object too, whose other properties may be objects that hide some', () => {
    const closed = object({ b: text });
    const open: Schema = { type: 'object', properties: { a: closed }, additionalProperties: closed };
    const { patch } = saved(it(open), '{"it":{"a":{"b":"x"},"c":{"b":"y"}}}', (raw) => ({
      it: { members: { a: { members: { b: '' } } }, others: (raw['it'] as Group).others ?? '' },
    }));
    expect(patch).toBe('{"it":{"a":{"b":null}}}');
  });
  test('setting an object to null and back clears what it shows, and nothing else', () => {
    const schema = it(object({ a: text }, { nullable: true }));
    const back = () => rawOf(fieldsOf(schema), {});
    expect(saved(schema, '{"it":{"a":"x"}}', back).patch).toBe('{"it":{"a":null}}');
    expect(saved(schema, '{"it":null}', back).patch).toBe('{"it":null}');
  });
  test('an emptied object that may not be empty is removed, which is the only way', () => {
    const emptied = () => ({ it: { members: { a: '' } } });
    for (const more of [{ required: ['a'] }, { minProperties: 1 }]) {
      const schema = it(object({ a: text }, more));
      expect(saved(schema, '{"it":{"a":"x"}}', emptied)).toMatchObject({ patch: '{"it":null}', faults: [] });
    }
  });
  test('other properties of an open object are edited as what they are', () => {
    const texts: Schema = { type: 'object', properties: { a: text }, additionalProperties: text };
    const group = (raws: Raws) => raws['it'] as Group;
    const added = saved(it(texts), '{"it":{"a":"x","b":"y"}}', (raw) => ({
      it: { ...group(raw), others: { pairs: [...(group(raw).others as Pairs).pairs, ['c', 'z']] } },
    }));
    expect(added.patch).toBe('{"it":{"c":"z"}}');
    const open: Schema = { type: 'object', properties: { a: text } };
    const json = saved(it(open), '{"it":{"b":1}}', (raw) => ({
      it: { ...group(raw), others: { code: '{"b": 1.10}' } },
    }));
    expect(json.patch).toBe('{"it":{"b":1.10}}');
    const twice = saved(it(open), '{}', () => ({
      it: { members: { a: 'x' }, others: { code: '{"a": 1}' } },
    }));
    expect(twice.faults.map(({ pointer }) => pointer)).toEqual(['/it/a']);
    const list = saved(it(open), '{}', () => ({ it: { members: { a: 'x' }, others: { code: '[]' } } }));
    expect(list.faults.map(({ pointer }) => pointer)).toEqual(['/it']);
  });
  test('an entry that was not edited stays beside one that was', () => {
    const { value, patch } = saved(
      it({ type: 'array', items: { type: 'number' } }),
      '{"it":[1.10,1]}',
      (raw) => {
        const { code } = raw['it'] as { code: string };
        return { it: { code: code.replace('1\n', '9007199254740993\n') } };
      },
    );
    expect(patch).toBe('{"it":[1.10,9007199254740993]}');
    expect(write(value)).toBe('{"it":[1.10,9007199254740993]}');
  });
  test('a choice that is added comes last, and the others keep their order', () => {
    const schema = it({ type: 'array', items: { type: 'string', enum: ['a', 'b', 'c'] } });
    const before = rawOf(fieldsOf(schema), { it: ['c', 'a'] })['it'] as Words;
    expect(before.entries).toEqual(['c', 'a']);
  });
  test('a name in a map that was not typed here is not trimmed', () => {
    const schema = it({ type: 'object', additionalProperties: text });
    const { patch } = saved(schema, '{"it":{" a ":"x"}}', (raw) => ({
      it: { pairs: [...(raw['it'] as Pairs).pairs, [' b ', 'y']] },
    }));
    expect(patch).toBe('{"it":{"b":"y"}}');
  });
  test.each([
    [text, 'x', '"x"'],
    [{ type: 'integer', format: 'int64' }, '9007199254740993', '9007199254740993'],
    [{ type: 'number' }, '0.12345678901234567890123', '0.12345678901234567890123'],
    [{ type: 'number' }, '.5', '0.5'],
    [{ type: 'boolean' }, 'false', 'false'],
    [{ enum: [1, '1', null] }, '"1"', '"1"'],
    [{ type: 'string', format: 'date' }, '2026-02-03', '"2026-02-03"'],
    [{}, { code: '{"a": 1.10}' }, '{"a":1.10}'],
    [{ nullable: true }, { code: 'null' }, 'null'],
    [mixed, null, 'null'],
    [object({}, { nullable: true }), null, 'null'],
  ] as [Schema, Raw, string][])('of %j, %j is %s', (schema, raw, value) => {
    const result = saved(it(schema), '{}', set(raw));
    expect(write(result.value)).toBe(`{"it":${value}}`);
    expect(result.faults).toEqual([]);
  });
  test('null is set by no merge patch, so that it needs all content', () => {
    const { value } = saved(it(mixed), '{"it":"x"}', set(null));
    const base = { it: 'x' };
    expect(patched(base, patchOf(base, value))).not.toEqual(value);
  });
  test('JSON that cannot be read is a fault with its reason', () => {
    expect(saved(it({}), '{}', set({ code: '{"a" 1}' })).faults).toEqual([
      {
        pointer: '/it',
        detail: 'must be JSON: see line 1, character 6',
      },
    ]);
  });
});

describe('only what was edited is judged', () => {
  const schema = object(
    {
      name,
      colour: { type: 'string', enum: ['red'] },
      box: object({ a: text, b: text }, { required: ['b'] }),
    },
    { required: ['name', 'colour'] },
  );
  test('an edited value is', () => {
    const { faults } = saved(schema, '{"name":"x","colour":"mauve"}', (raw) => ({
      ...raw,
      colour: '"pink"',
    }));
    expect(faults).toEqual([{ pointer: '/colour', detail: 'must be one of red' }]);
  });
  test('a required property that was missing before is not', () => {
    expect(saved(schema, '{"name":"x"}', renamed).faults).toEqual([]);
  });
  test('a required property that is removed is', () => {
    const { faults } = saved(schema, '{"name":"x","colour":"red"}', (raw) => ({ ...raw, colour: '' }));
    expect(faults).toEqual([{ pointer: '/colour', detail: 'is required' }]);
  });
  test('a required property of a new object is', () => {
    const { faults } = saved(schema, '{"name":"x"}', (raw) => ({
      ...raw,
      box: { members: { a: 'x', b: '' } },
    }));
    expect(faults).toEqual([{ pointer: '/box/b', detail: 'is required' }]);
  });
});

describe('numbers are judged by their exact value', () => {
  test.each([
    [
      { type: 'integer', maximum: parse('9223372036854775807') },
      '9223372036854775808',
      'must be at most 9223372036854775807',
    ],
    [{ type: 'integer', maximum: parse('9223372036854775807') }, '9223372036854775807', undefined],
    [{ type: 'integer', format: 'int64' }, '9223372036854775808', 'must be in the format int64'],
    [{ type: 'integer', format: 'int32' }, '-2147483649', 'must be in the format int32'],
    [{ type: 'integer', format: 'int32' }, '-2147483648', undefined],
    [{ type: 'number', minimum: 0, exclusiveMinimum: true }, '0.0', 'must be more than 0'],
    [{ type: 'number', minimum: parse('0.1') }, '0.09999999999999999999999', 'must be at least 0.1'],
    [{ type: 'number', enum: [1.1] }, '1.10', undefined],
    [{ type: 'integer' }, '1.5', 'must be an integer'],
    [{ type: 'integer' }, '9007199254740993.5', 'must be an integer'],
    [
      { type: 'number' },
      '1e126',
      'must have at most 38 significant digits and a magnitude from 1e-130 to 1e126',
    ],
    [
      { type: 'number' },
      '9.9e-131',
      'must have at most 38 significant digits and a magnitude from 1e-130 to 1e126',
    ],
    [{ type: 'number' }, '1e-130', undefined],
    [
      { type: 'number' },
      `0.${'1'.repeat(39)}`,
      'must have at most 38 significant digits and a magnitude from 1e-130 to 1e126',
    ],
    [{ type: 'number' }, `${'1'.repeat(38)}000`, undefined],
  ] as [Schema, string, string | undefined][])('of %j, %s: %s', (schema, text, detail) => {
    expect(faults(parse(text), schema).map((fault) => fault.detail)).toEqual(detail ? [detail] : []);
  });
});

test.each([
  ['^[A-Z]{2}[0-9]+$', 'AB12', 'AB12\n'],
  ['(?<year>\\d{4})', '2026', '٢٠٢٦'],
  ['^(a|b$)', 'b', 'cb\n'],
  ['^\\p{L}+$', 'Größe', 'a1'],
  ['^.$', '😀', '😀😀'],
])('%s is read as ECMA-262 reads it', (pattern, good, bad) => {
  expect(faults(good, { type: 'string', pattern })).toEqual([]);
  expect(faults(bad, { type: 'string', pattern })).toEqual([
    { pointer: '', detail: `must match ${pattern}` },
  ]);
});

test('a pattern that this browser does not know is left to the API', () => {
  expect(faults('x', { type: 'string', pattern: '(?<=x' })).toEqual([]);
});

describe('the title and the columns follow from the fields', () => {
  const named = (properties: Record<string, Schema>, required: string[] = []) => {
    const fields = fieldsOf(object(properties, { required }));
    const title = titleOf(fields);
    return [title?.name, usualColumns(fields, title).map(({ field }) => field?.name)];
  };
  const [line, long, number, list]: Schema[] = [
    { type: 'string', maxLength: 20 },
    { type: 'string' },
    { type: 'number' },
    { type: 'array', items: {} },
  ];
  test.each([
    ['the first required text', { a: number, b: line, c: line }, ['c'], ['c', ['a', 'b']]],
    ['else the first text', { a: number, b: line, c: line }, ['a'], ['b', ['a', 'c']]],
    ['but no enum', { a: { type: 'string', enum: ['x'] }, b: long }, ['a'], ['b', ['a']]],
    ['one text', { a: long }, [], ['a', []]],
    ['no text', { a: number, b: list }, [], [undefined, ['a']]],
    ['only lists', { a: list, b: list }, [], [undefined, ['a', 'b']]],
    ['nothing', {}, [], [undefined, []]],
    [
      'many fields',
      Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`f${index}`, line])),
      ['f3'],
      ['f3', ['f0', 'f1', 'f2']],
    ],
    [
      'numbers first, a long text last',
      { a: line, b: long, c: line, d: number },
      ['a'],
      ['a', ['d', 'c', 'b']],
    ],
  ] as [string, Record<string, Schema>, string[], unknown[]][])('%s', (_, properties, required, expected) => {
    expect(named(properties, required)).toEqual(expected);
  });
});
