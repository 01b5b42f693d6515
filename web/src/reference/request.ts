/** An example request for an operation, from the contract's examples and what the reader filled in. Knows no markup and no fetch. */
import { propertyNames } from '../contract/schema';
import { own, write } from '../json/value';
import { flat, type Media, type OpenApi, type Parameter, type RefSchema, resolve } from './document';
import type { Entry } from './operations';

export interface Sample {
  method: string;
  /** Below the base URL, with the query. */
  path: string;
  headers: Record<string, string>;
  body: string | null;
}

const ID = '5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11';
const FORMATS: Record<string, string> = {
  uuid: ID,
  email: 'name@example.com',
  uri: 'https://example.com',
  date: '2026-01-31',
  'date-time': '2026-01-31T09:26:53Z',
};
const LONG = 60; // characters of a body that still fits on a line

/** Return the request with the values that are given by parameter name; a path takes an example for each that is not given. */
export function requestOf(document: OpenApi, entry: Entry, given: Record<string, string>): Sample {
  const parameters = entry.parameters.map((one) => resolve(document, one));
  const valueOf = (parameter: Parameter) =>
    own(given, parameter.name) || (parameter.required ? exampleOf(document, parameter) : '');
  const pairs = (place: string) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map((parameter) => [parameter.name, valueOf(parameter)] as const)
      .filter(([, value]) => value !== '');
  const path = pairs('path').reduce(
    (text, [name, value]) => text.replaceAll(`{${name}}`, encodeURIComponent(value)),
    entry.path,
  );
  const query = new URLSearchParams(pairs('query').map(([name, value]) => [name, value])).toString();
  const { type, body } = bodyOf(document, entry);
  return {
    method: entry.method,
    path: query ? `${path}?${query}` : path,
    headers: { ...Object.fromEntries(pairs('header')), ...(type && { 'Content-Type': type }) },
    body,
  };
}

/** Return an example of a parameter's value, as text. */
export function exampleOf(document: OpenApi, { example, schema }: Parameter): string {
  const value = example ?? sampleOf(document, schema);
  return typeof value === 'string' ? value : write(value);
}

function bodyOf(document: OpenApi, { operation }: Entry): { type: string; body: string | null } {
  const content = operation.requestBody && resolve(document, operation.requestBody).content;
  const [type, media] = Object.entries(content ?? {})[0] ?? ['', null];
  if (!media) return { type, body: null };
  const value = examplesOf(document, media)[0]?.value ?? sampleOf(document, media.schema);
  const short = write(value);
  return { type, body: short.length > LONG ? write(value, '  ') : short };
}

/** Return the examples of a body, each with its summary if it has one. */
export function examplesOf(document: OpenApi, media: Media): { summary?: string; value: unknown }[] {
  const named = Object.values(media.examples ?? {}).map((example) => resolve(document, example));
  return media.example === undefined ? named : [...named, { value: media.example }];
}

/** Return a value that a schema allows, with no more than it requires. */
function sampleOf(document: OpenApi, schema: RefSchema = {}): unknown {
  const whole = flat(document, schema);
  const { type, format = '', enum: values, default: usual, required = [], properties, minimum } = whole;
  if (usual !== undefined) return usual;
  if (values?.length) return values[0];
  if (type === 'object' || properties) {
    const names = propertyNames(whole).filter(
      (name) => required.includes(name) && !own(properties, name)?.readOnly,
    );
    return Object.fromEntries(names.map((name) => [name, sampleOf(document, own(properties, name))]));
  }
  if (type === 'array') return whole.minItems ? [sampleOf(document, whole.items)] : [];
  if (type === 'boolean') return true;
  if (type === 'integer' || type === 'number') return minimum ?? 1;
  return own(FORMATS, format) ?? 'text'.padEnd(whole.minLength ?? 0, '.');
}
