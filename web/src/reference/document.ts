/** The parts of an OpenAPI document that the reference shows, and how to follow a `$ref` in it. */
import { propertyNames, type Schema, spelled } from '../contract/schema';
import { type Json, own, stepsOf } from '../json/value';

export type Ref<T> = T & { $ref?: string };
export type RefSchema = Ref<Schema> & { allOf?: RefSchema[] };

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: RefSchema;
  example?: unknown;
}
export interface Media {
  schema?: RefSchema;
  example?: unknown;
  examples?: Record<string, Ref<{ summary?: string; value: unknown }>>;
}
export interface ResponseObject {
  description: string;
  headers?: Record<string, Ref<{ description?: string }>>;
  content?: Record<string, Media>;
  /** Operations that can follow, with what they need of this response. */
  links?: Record<string, Ref<{ operationId: string }>>;
}
export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  deprecated?: boolean;
  security?: Record<string, string[]>[];
  parameters?: Ref<Parameter>[];
  requestBody?: Ref<{ content: Record<string, Media> }>;
  responses: Record<string, Ref<ResponseObject>>;
}
export interface OpenApi {
  info: { title: string; version: string; description?: string };
  security?: Record<string, string[]>[];
  paths: Record<string, Record<string, Operation> & { parameters?: Ref<Parameter>[] }>;
  components: { schemas: Record<string, RefSchema> } & Json;
}

/** Return `node`, or what its `$ref` points to. */
export function resolve<T>(document: OpenApi, node: Ref<T>): T {
  if (typeof node.$ref !== 'string') return node;
  const target = stepsOf(decodeURIComponent(node.$ref.slice(1))).reduce<unknown>(
    (at, step) => own(at as Json, step),
    document,
  );
  return resolve(document, target as Ref<T>);
}

/** Return `schema` with its `$ref` and `allOf` resolved, one level deep. */
export function flat(document: OpenApi, schema: RefSchema = {}): RefSchema {
  const { allOf = [], ...whole } = resolve(document, schema);
  return allOf.reduceRight<RefSchema>((rest, part) => {
    const other = flat(document, part);
    const properties = { ...other.properties, ...rest.properties };
    const names = [...propertyNames(other), ...propertyNames(rest)];
    const required = [...new Set([...(other.required ?? []), ...(rest.required ?? [])])];
    return {
      ...other,
      ...rest,
      ...(Object.keys(properties).length ? { properties, 'x-order': names } : {}),
      ...(required.length ? { required } : {}),
    };
  }, whole);
}

/** Return whether a schema has a section of its own on the page: an object with properties. */
export function isSection(document: OpenApi, schema: RefSchema): boolean {
  return flat(document, schema).properties !== undefined;
}

/** Return the names of the schemas that a part of the document refers to, directly or through others. */
export function schemasIn(document: OpenApi, part: unknown, found = new Set<string>()): Set<string> {
  if (typeof part !== 'object' || part === null) return found;
  const { $ref } = part as { $ref?: unknown };
  const reference = typeof $ref === 'string' && /^#\/components\/(\w+)\/([^/]+)$/.exec($ref);
  if (!reference) {
    for (const inner of Object.values(part)) schemasIn(document, inner, found);
    return found;
  }
  const [, kind, name = ''] = reference;
  if (kind === 'schemas' && found.has(name)) return found;
  if (kind === 'schemas') found.add(name);
  return schemasIn(document, resolve(document, part as Ref<unknown>), found);
}

/** Return a schema's type in words: `string (uuid)`, `array of string`, `one of red, green`, each `or null`. */
export function kindOf(document: OpenApi, schema: RefSchema = {}): string {
  const whole = flat(document, schema);
  const name = schema.$ref?.split('/').at(-1);
  const kind = name && isSection(document, schema) ? name : kindOfFlat(document, whole);
  return whole.nullable ? `${kind} or null` : kind;
}

function kindOfFlat(document: OpenApi, schema: RefSchema): string {
  const { type = 'any', enum: values, format, items: entries, additionalProperties: others } = schema;
  if (values)
    return `one of ${values
      .filter((value) => value !== null)
      .map(spelled)
      .join(', ')}`;
  if (entries) return `array of ${grouped(kindOf(document, entries))}`;
  if (typeof others === 'object' && !schema.properties)
    return `object of ${grouped(kindOf(document, others))}`;
  return format ? `${type} (${format})` : type;
}

function grouped(kind: string): string {
  return /^one of| or null$/.test(kind) ? `(${kind})` : kind;
}

export interface Row {
  /** `box.shelf`, `rooms[].name`, `sizes.*.width`. */
  path: string;
  required: boolean;
  schema: RefSchema;
}

const DEEPEST = 8;

/** Return the properties of an object schema, each followed by those within it. */
export function rowsOf(document: OpenApi, schema: RefSchema, prefix = '', depth = 0): Row[] {
  const whole = flat(document, schema);
  const { properties, required = [] } = whole;
  return propertyNames(whole).flatMap((name) => {
    const given = own(properties, name) ?? {};
    const path = prefix + name;
    return [
      { path, required: required.includes(name), schema: given },
      ...(depth < DEEPEST ? within(document, given, path, depth + 1) : []),
    ];
  });
}

/** Return the properties of what a property holds: of an object, a list's entries, a map's values. Sections are not repeated. */
function within(document: OpenApi, schema: RefSchema, path: string, depth: number): Row[] {
  if (schema.$ref && isSection(document, schema)) return [];
  const { items: entries, additionalProperties: others } = flat(document, schema);
  const inner = rowsOf(document, schema, `${path}.`, depth);
  if (entries) inner.push(...within(document, entries, `${path}[]`, depth + 1));
  if (typeof others === 'object') inner.push(...within(document, others, `${path}.*`, depth + 1));
  return inner;
}

/** Return a schema's limits in words. */
export function limitsOf(schema: Schema): string {
  const { minLength = 0, maxLength, minItems = 0, maxItems, minProperties = 0, maxProperties } = schema;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern, 'x-property-names': names } = schema;
  return [
    minLength === 1 && 'not empty',
    minLength > 1 && `at least ${minLength} characters`,
    maxLength !== undefined && `at most ${maxLength} characters`,
    minimum !== undefined && `${exclusiveMinimum ? 'more than' : 'from'} ${String(minimum)}`,
    maximum !== undefined && `${exclusiveMaximum ? 'less than' : 'to'} ${String(maximum)}`,
    minItems > 0 && `at least ${minItems} entries`,
    maxItems !== undefined && `at most ${maxItems} entries`,
    schema.uniqueItems && 'unique entries',
    minProperties > 0 && `at least ${minProperties} properties`,
    maxProperties !== undefined && `at most ${maxProperties} properties`,
    names && limitsOf(names) && `each name ${limitsOf(names)}`,
    schema.type === 'object' &&
      schema.properties &&
      schema.additionalProperties === false &&
      'no other properties',
    pattern && `matches ${pattern}`,
    schema.items &&
      schema.items.type !== 'object' &&
      limitsOf(schema.items) &&
      `each entry ${limitsOf(schema.items)}`,
    schema.default !== undefined && `default ${spelled(schema.default)}`,
  ]
    .filter(Boolean)
    .join(', ');
}
