import { describe, expect, test } from 'vitest';
import type { Schema } from '../src/contract/schema';
import { faults } from '../src/contract/validate';
import { fieldsOf } from '../src/contract/fields';
import { fitted, type Raws, rawOf, valueOf } from '../src/form/raw';

const every: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['title'],
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 80, description: 'What it is.' },
    story: { type: 'string', maxLength: 5000 },
    colour: { type: 'string', enum: ['red', 'green'] },
    size: { type: 'integer', minimum: 1, maximum: 9 },
    weight: { type: 'number', minimum: 0, exclusiveMinimum: true },
    sold: { type: 'boolean' },
    due: { type: 'string', format: 'date' },
    at: { type: 'string', format: 'date-time' },
    mail: { type: 'string', format: 'email' },
    words: { type: 'array', maxItems: 3, uniqueItems: true, items: { type: 'string', maxLength: 5 } },
    rooms: { type: 'array', items: { type: 'string', enum: ['hall', 'attic'] } },
    notes: { type: 'object', additionalProperties: { type: 'string', maxLength: 5 } },
    box: { type: 'object', properties: { shelf_number: { type: 'integer' } } },
    points: { type: 'array', items: { type: 'number' } },
  },
};
const fields = fieldsOf(every);
const whole = {
  title: 'Lamp',
  story: 'Long',
  colour: 'red',
  size: 3,
  weight: 0.5,
  sold: false,
  due: '2026-02-03',
  at: '2026-02-03T04:05:06.000Z',
  mail: 'a@example.com',
  words: ['one', 'two'],
  rooms: ['attic'],
  notes: { a: 'b' },
  box: { shelf_number: 4 },
  points: [1, 2],
};

/** The value and faults of the form after `changes` to its controls. */
function typed(changes: Record<string, unknown>) {
  const raw = { ...rawOf(fields, { title: 'Lamp' }), ...changes } as Raws;
  const { value, faults: unread } = valueOf(fields, raw);
  return { value, faults: [...unread, ...faults(value, every)] };
}

describe('a field is derived from its schema', () => {
  test('each kind of schema has its control', () => {
    expect(Object.fromEntries(fields.map((field) => [field.name, field.control]))).toEqual({
      title: 'line',
      story: 'text',
      colour: 'choice',
      size: 'number',
      weight: 'number',
      sold: 'yes-no',
      due: 'line',
      at: 'line',
      mail: 'line',
      words: 'words',
      rooms: 'choices',
      notes: 'pairs',
      box: 'group',
      points: 'json',
    });
  });
  test('the fields have the order of the contract, also those named like integers', () => {
    const inner: Schema = {
      type: 'object',
      properties: { 10: {}, 2: {}, b: {} },
      'x-order': ['b', '10', '2'],
    };
    const outer: Schema = { properties: { 1: {}, a: inner }, 'x-order': ['a', '1'] };
    const [first, second] = fieldsOf(outer);
    expect([first?.name, second?.name]).toEqual(['a', '1']);
    expect(first?.fields.map(({ name }) => name)).toEqual(['b', '10', '2']);
  });
  test('label, help and whether it is required come from the contract', () => {
    const [first] = fields;
    expect(first).toMatchObject({ title: 'Title', help: 'What it is. Up to 80 characters.', required: true });
    expect(fields.find(({ name }) => name === 'box')?.fields[0]?.title).toBe('Shelf number');
    expect(fields.find(({ name }) => name === 'size')?.help).toBe('From 1 to 9.');
  });
});

describe('the controls become a value', () => {
  test('a value passes through the controls unchanged', () => {
    expect(valueOf(fields, rawOf(fields, whole))).toEqual({ value: whole, faults: [] });
    expect(faults(whole, every)).toEqual([]);
  });
  test('a field that was not edited keeps its value, to the millisecond', () => {
    const before = {
      title: 'Lamp',
      at: '2026-02-03T04:05:06.789+02:00',
      box: { shelf_number: null, more: [null] },
    };
    const raw = { ...rawOf(fields, before), title: 'Desk lamp' };
    expect(valueOf(fields, raw, before).value).toEqual({ ...before, title: 'Desk lamp' });
  });
  test('a draft from an older contract is kept where it still fits', () => {
    const older = { title: 'Lamp', words: 'one two', box: { members: { shelf_number: '7' } }, gone: 'x' };
    expect(fitted(fields, older)).toEqual(rawOf(fields, { title: 'Lamp', box: { shelf_number: 7 } }));
  });
  test('a draft of another kind of field becomes no choice', () => {
    const [kept, lost] = [
      { colour: '"red"', sold: 'true' },
      { colour: 'red', sold: 'soon' },
    ];
    expect(fitted(fields, kept)).toMatchObject(kept);
    expect(fitted(fields, lost)).toMatchObject({ colour: '', sold: '' });
  });
  test('empty fields are left out', () => {
    expect(
      typed({ story: '  ', size: '', words: { entries: [], pending: '' }, notes: { pairs: [['', '']] } })
        .value,
    ).toEqual({
      title: 'Lamp',
    });
  });
  test('a word that was typed but not yet added is included', () => {
    expect(typed({ words: { entries: ['one'], pending: ' two ' } }).value).toMatchObject({
      words: ['one', 'two'],
    });
  });
  test('text that is not a number is a fault and is not discarded', () => {
    expect(typed({ size: 'three' }).faults).toEqual([{ pointer: '/size', detail: 'must be an integer' }]);
    expect(typed({ size: '3.5' }).faults).toEqual([{ pointer: '/size', detail: 'must be an integer' }]);
  });
  test('a pair needs a unique name', () => {
    const notes = {
      pairs: [
        ['', 'x'],
        ['a', '1'],
        ['a', '2'],
      ],
    };
    expect(typed({ notes }).faults.map(({ pointer, detail }) => [pointer, detail])).toContainEqual([
      '/notes/a',
      'must be unique',
    ]);
    expect(typed({ notes }).faults).toContainEqual({ pointer: '/notes/', detail: 'needs a name' });
  });
});

test.each([
  [{ title: undefined }, '/title', 'is required'],
  [{ title: '' }, '/title', 'must not be empty'],
  [{ title: '😀'.repeat(81) }, '/title', 'must have at most 80 characters'],
  [{ colour: 'mauve' }, '/colour', 'must be one of red, green'],
  [{ size: 0 }, '/size', 'must be at least 1'],
  [{ size: 10 }, '/size', 'must be at most 9'],
  [{ weight: 0 }, '/weight', 'must be more than 0'],
  [{ due: '2026-02-40' }, '/due', 'must be in the format date'],
  [{ due: '2026-02-30' }, '/due', 'must be in the format date'],
  [{ mail: 'a' }, '/mail', 'must be in the format email'],
  [{ words: ['a', 'a'] }, '/words/1', 'must be unique'],
  [{ words: ['toolong'] }, '/words/0', 'must have at most 5 characters'],
  [{ words: ['a', 'b', 'c', 'd'] }, '/words', 'must have at most 3 entries'],
  [{ notes: { 'a/b~c': 'toolong' } }, '/notes/a~1b~0c', 'must have at most 5 characters'],
  [{ notes: { constructor: 'toolong' } }, '/notes/constructor', 'must have at most 5 characters'],
  [{ box: { shelf_number: 'x' } }, '/box/shelf_number', 'must be an integer'],
  [{ notes: { '': 'a' } }, '/notes/', 'must have a name of 1 to 255 characters'],
  [{ other: 1 }, '/other', 'is not a known property'],
])('%j is a fault at %s, with the message of the API', (change, pointer, detail) => {
  const value = Object.fromEntries(
    Object.entries({ ...whole, ...change }).filter(([, field]) => field !== undefined),
  );
  expect(faults(value, every)).toEqual([{ pointer, detail }]);
});

test('names that the schema does not list follow its rule', () => {
  const schema: Schema = {
    type: 'object',
    properties: { known_Name: {} },
    'x-property-names': { maxLength: 4, pattern: '^[a-z]+$' },
  };
  expect(faults({ known_Name: 1, ab: 1, abcde: 1, aB: 1 }, schema)).toEqual([
    { pointer: '/abcde', detail: 'must have a name of 1 to 4 characters' },
    { pointer: '/aB', detail: 'must have a name that matches ^[a-z]+$' },
  ]);
});

test('80 characters outside the basic plane are 80 characters', () => {
  expect(faults({ ...whole, title: '😀'.repeat(80) }, every)).toEqual([]);
});
