import text from 'virtual:contract';
import { expect, test } from 'vitest';
import { curl } from '../src/api/call';
import { parse } from '../src/json/value';
import type { OpenApi, Operation, Parameter, RefSchema } from '../src/reference/document';
import { operations } from '../src/reference/operations';
import { exampleOf, requestOf } from '../src/reference/request';

const contract = parse(text) as OpenApi;
const document: OpenApi = { ...contract, components: { schemas: {} } };
const base = 'https://api.example.com/v1';

function entry(method: string, path: string, operation: Partial<Operation>, parameters: Parameter[] = []) {
  const whole = { operationId: 'one', responses: {}, ...operation };
  return { method, path, name: 'One', operation: whole, parameters };
}
const body = (schema: RefSchema) => ({ requestBody: { content: { 'application/json': { schema } } } });

test('every operation of the contract has a request without any gap', () => {
  for (const one of operations) {
    const request = requestOf(contract, one, {});
    expect(request.path).not.toMatch(/[{}]/);
    expect(curl({ ...request, url: base + request.path }, null)).toContain(`'${base}/`);
    if (one.operation.requestBody) expect(parse(request.body ?? '')).toBeTypeOf('object');
  }
});

test('a path takes what was filled in, encoded, and else an example', () => {
  const parameters = [
    { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } },
  ] as Parameter[];
  const one = entry('GET', '/things/{id}', {}, parameters);
  expect(requestOf(document, one, { id: 'a/b c' }).path).toBe('/things/a%2Fb%20c');
  expect(requestOf(document, one, {}).path).toMatch(/^\/things\/[0-9a-f-]{36}$/);
});

test('a query has what was filled in or is required, a header only what is required', () => {
  const parameters = [
    { name: 'limit', in: 'query', schema: { type: 'integer' } },
    { name: 'order', in: 'query', schema: { type: 'string' } },
    { name: 'kind', in: 'query', required: true, schema: { type: 'string', enum: ['new', 'old'] } },
    { name: 'X-Team', in: 'header', required: true, example: 'a' },
    { name: 'X-Other', in: 'header', example: 'b' },
  ] as Parameter[];
  const request = requestOf(document, entry('GET', '/things', {}, parameters), { limit: '5' });
  expect(request.path).toBe('/things?limit=5&kind=new');
  expect(request.headers).toEqual({ 'X-Team': 'a' });
});

test.each([
  [
    { type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' } }, required: ['a'] },
    '{"a":"text"}',
  ],
  [{ type: 'object' }, '{}'],
  [{ type: 'array', items: { type: 'boolean' }, minItems: 1 }, '[true]'],
  [{ type: 'number', minimum: parse('9007199254740993') }, '9007199254740993'],
  [{ type: 'string', enum: ['red', 'blue'] }, '"red"'],
  [{ type: 'string', default: 'blue' }, '"blue"'],
  [{ type: 'string', format: 'date' }, '"2026-01-31"'],
  [{ type: 'string', minLength: 6 }, '"text.."'],
] as [RefSchema, string][])('without an example, a body of %j is %s', (schema, written) => {
  expect(requestOf(document, entry('POST', '/things', body(schema)), {}).body).toBe(written);
});

test('the example of a body in the contract is preferred, and a long one has lines', () => {
  const example = { name: 'a'.repeat(40), description: 'b'.repeat(40) };
  const content = { 'application/merge-patch+json': { example } };
  const request = requestOf(document, entry('PATCH', '/things', { requestBody: { content } }), {});
  expect(request.body).toBe(JSON.stringify(example, null, 2));
  expect(request.headers).toEqual({ 'Content-Type': 'application/merge-patch+json' });
});

test('an example of a parameter is text, whatever its type', () => {
  expect(exampleOf(document, { name: 'limit', in: 'query', schema: { type: 'integer', default: 25 } })).toBe(
    '25',
  );
});
