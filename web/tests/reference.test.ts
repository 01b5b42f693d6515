import text from 'virtual:contract';
import { expect, test } from 'vitest';
import {
  isSection,
  kindOf,
  limitsOf,
  type OpenApi,
  type RefSchema,
  resolve,
  rowsOf,
  schemasIn,
} from '../src/reference/document';
import { parse } from '../src/json/value';

const contract = parse(text) as OpenApi;
const document: OpenApi = {
  ...contract,
  components: {
    schemas: {
      Id: { type: 'string', format: 'uuid' },
      Colour: { type: 'string', enum: ['red', '1', null], nullable: true },
      Box: { type: 'object', properties: { side: { type: 'number' } } },
      'a/b': { type: 'boolean' },
      constructor: { type: 'integer' },
    } as Record<string, RefSchema>,
  },
};
const ref = (name: string): RefSchema => ({ $ref: `#/components/schemas/${name}` });

test.each([
  [{}, 'any'],
  [{ nullable: true }, 'any or null'],
  [{ type: 'string', format: 'date' }, 'string (date)'],
  [ref('Id'), 'string (uuid)'],
  [ref('Box'), 'Box'],
  [ref('Colour'), 'one of red, "1" or null'],
  [ref('a~1b'), 'boolean'],
  [ref('constructor'), 'integer'],
  [{ enum: [1, '1', true] }, 'one of 1, "1", true'],
  [{ enum: ['low', 'null', null], nullable: true }, 'one of low, "null" or null'],
  [{ enum: ['true', 'a, b', 'a or null', '', 'a:b'] }, 'one of "true", "a, b", "a or null", "", "a:b"'],
  [{ type: 'array', items: ref('Box') }, 'array of Box'],
  [{ type: 'array', items: { type: 'string', nullable: true } }, 'array of (string or null)'],
  [{ type: 'array', items: { type: 'array', items: {} } }, 'array of array of any'],
  [{ type: 'object', additionalProperties: { type: 'number' } }, 'object of number'],
  [{ type: 'object' }, 'object'],
  [{ allOf: [ref('Id')], nullable: true }, 'string (uuid) or null'],
] as [RefSchema, string][])('the type of %j is: %s', (schema, kind) => {
  expect(kindOf(document, schema)).toBe(kind);
});

test.each([
  [{ minLength: 1, maxLength: 5, pattern: '^a' }, 'not empty, at most 5 characters, matches ^a'],
  [{ minimum: parse('9007199254740993'), exclusiveMinimum: true }, 'more than 9007199254740993'],
  [{ maximum: 0.0004 }, 'to 0.0004'],
  [{ default: true }, 'default true'],
  [{ default: 'null' }, 'default "null"'],
  [
    { type: 'object', 'x-property-names': { minLength: 1, maxLength: 9 } },
    'each name not empty, at most 9 characters',
  ],
  [
    { minItems: 1, uniqueItems: true, items: { maxLength: 2 } },
    'at least 1 entries, unique entries, each entry at most 2 characters',
  ],
  [
    { type: 'object', properties: {}, additionalProperties: false, minProperties: 2 },
    'at least 2 properties, no other properties',
  ],
] as [RefSchema, string][])('the limits of %j are: %s', (schema, limits) => {
  expect(limitsOf(schema)).toBe(limits);
});

test('properties within objects, lists and maps are listed by their path, those of other sections are not', () => {
  const inner: RefSchema = { type: 'object', required: ['b'], properties: { b: { type: 'string' } } };
  const schema: RefSchema = {
    type: 'object',
    required: ['constructor'],
    properties: {
      constructor: inner,
      list: { type: 'array', items: { type: 'array', items: inner } },
      map: { type: 'object', additionalProperties: inner },
      box: ref('Box'),
      boxes: { type: 'array', items: ref('Box') },
    },
  };
  expect(rowsOf(document, schema).map(({ path, required }) => path + (required ? '!' : ''))).toEqual([
    ...['constructor!', 'constructor.b!', 'list', 'list[][].b!', 'map', 'map.*.b!', 'box', 'boxes'],
  ]);
});

test('the parts of an allOf are shown together', () => {
  const part: RefSchema = { type: 'object', required: ['a'], properties: { a: {} } };
  const schema: RefSchema = { allOf: [part, ref('Box')], required: ['c'], properties: { c: {} } };
  const rows = rowsOf(document, schema).map(({ path, required }) => path + (required ? '!' : ''));
  expect(rows.sort()).toEqual(['a!', 'c!', 'side']);
});

test('properties named like integers keep the order of the contract, also in parts', () => {
  const part: RefSchema = { type: 'object', properties: { 7: {}, z: {} }, 'x-order': ['z', '7'] };
  const own: RefSchema = { properties: { 10: {}, 2: {}, b: {} }, 'x-order': ['b', '10', '2'] };
  const schema: RefSchema = { type: 'object', properties: { in: { allOf: [part], ...own } } };
  const paths = rowsOf(document, schema).map(({ path }) => path);
  expect(paths).toEqual(['in', 'in.z', 'in.7', 'in.b', 'in.10', 'in.2']);
});

test('a schema without properties is no section', () => {
  expect(isSection(document, ref('Id'))).toBe(false);
  expect(isSection(document, ref('Box'))).toBe(true);
});

test('the schemas that a part of the document refers to are found through others', () => {
  const part = { content: [{ schema: { allOf: [ref('Box')] } }, ref('a~1b')] };
  expect([...schemasIn(document, part)]).toEqual(['Box', 'a~1b']);
  const nested = { Box: { properties: { inner: ref('Box'), id: ref('Id') } } } as Record<string, RefSchema>;
  const recursive = { ...document, components: { schemas: { ...document.components.schemas, ...nested } } };
  expect([...schemasIn(recursive, [ref('Box')])]).toEqual(['Box', 'Id']);
});

test('a reference is followed by own properties only', () => {
  expect(() => resolve(document, { $ref: '#/components/toString' })).toThrow();
});
