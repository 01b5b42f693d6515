/** The parts of an OpenAPI document that the reference shows, and how to follow a `$ref` in it. */
import { type Json, type Schema, textOf } from '../contract/schema';

export type Ref<T> = T & { $ref?: string };
export type RefSchema = Ref<Schema> & { allOf?: RefSchema[] };

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: RefSchema;
  example?: unknown;
}
export interface Media {
  schema: RefSchema;
  example?: unknown;
  examples?: Record<string, Ref<{ summary?: string; value: unknown }>>;
}
export interface ResponseObject {
  description: string;
  headers?: Record<string, Ref<{ description?: string }>>;
  content?: Record<string, Media>;
}
export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  security?: Record<string, string[]>[];
  parameters?: Ref<Parameter>[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Ref<ResponseObject>>;
}
export interface OpenApi {
  info: { title: string; version: string; description: string };
  security: Record<string, string[]>[];
  paths: Record<string, Record<string, Operation> & { parameters?: Ref<Parameter>[] }>;
  components: { schemas: Record<string, RefSchema> } & Json;
}

/** Return `node`, or what its `$ref` points to. */
export function resolve<T>(document: OpenApi, node: Ref<T>): T {
  if (!node.$ref) return node;
  const target = node.$ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, step) => (at as Json)[step], document);
  return resolve(document, target as Ref<T>);
}

/** Return `schema` with its `$ref` and `allOf` resolved, one level deep. */
export function flat(document: OpenApi, schema: RefSchema): RefSchema {
  const { allOf = [], ...own } = resolve(document, schema);
  return allOf.reduceRight<RefSchema>((whole, part) => ({ ...flat(document, part), ...whole }), own);
}

/** Return a schema's type in words: `string (uuid)`, `array of string`, `one of red, green`. */
export function kindOf(document: OpenApi, schema: RefSchema): string {
  const name = schema.$ref?.split('/').at(-1);
  if (name && name !== 'Id') return name;
  const { type = 'any', enum: values, format, items, additionalProperties } = flat(document, schema);
  if (values) return `one of ${values.join(', ')}`;
  if (items) return `array of ${kindOf(document, items)}`;
  if (typeof additionalProperties === 'object') return `object of ${kindOf(document, additionalProperties)}`;
  return format ? `${type} (${format})` : type;
}

/** Return a schema's limits in words. */
export function limitsOf(schema: Schema): string {
  const { minLength, maxLength, minimum, maximum, maxItems, uniqueItems, maxProperties, pattern, nullable } =
    schema;
  return [
    minLength === 1 && 'not empty',
    minLength !== undefined && minLength > 1 && `at least ${minLength} characters`,
    maxLength !== undefined && `at most ${maxLength} characters`,
    minimum !== undefined && `from ${minimum}`,
    maximum !== undefined && `to ${maximum}`,
    maxItems !== undefined && `at most ${maxItems} entries`,
    uniqueItems && 'unique entries',
    maxProperties !== undefined && `at most ${maxProperties} properties`,
    pattern && `matches ${pattern}`,
    nullable && 'may be null',
    schema.default !== undefined && `default ${textOf(schema.default)}`,
  ]
    .filter(Boolean)
    .join(', ');
}
