/* global URL */
/**
 * Reads contract/openapi.yaml for the build; knows nothing of the app. `ItemContent` and `ItemPatch` are derived here as
 * src/crudctl/build/contract.py derives them for the functions.
 */
import { readFileSync } from 'node:fs';
import openapiTypes, { astToString } from 'openapi-typescript';
import { parse } from 'yaml';

/** @typedef {Record<string, any>} Json */

export const CONTRACT = new URL('../../contract/openapi.yaml', import.meta.url);
export const TYPES = new URL('../src/api/schema.ts', import.meta.url);

/** The contract's text. */
export function text() {
  return readFileSync(CONTRACT, 'utf8');
}

/** The contract with its `$ref`s, and with the derived schemas in place. */
export function load() {
  const document = /** @type {Json} */ (parse(text()));
  const schemas = document.components.schemas;
  schemas.ItemContent = content(flatten(document, schemas.Item));
  for (const [name, schema] of Object.entries(schemas)) {
    const whole = schema['x-merge-patch-of'];
    if (whole) {
      schemas[name] = {
        ...mergePatch(content(flatten(document, schemas[whole]))),
        description: schema.description,
      };
    }
  }
  return document;
}

/**
 * `schema` with every `$ref` put in its place and every `allOf` merged.
 * @param {Json} document @param {Json} schema @returns {Json}
 */
export function flatten(document, schema) {
  const { $ref, allOf = [], ...own } = schema;
  const parts = [...($ref ? [resolve(document, $ref)] : []), ...allOf];
  const flat = Object.assign({}, ...parts.map((part) => flatten(document, part)), own);
  if (flat.properties) {
    flat.properties = Object.fromEntries(
      Object.entries(flat.properties).map(([name, member]) => [name, flatten(document, member)]),
    );
  }
  for (const keyword of ['items', 'additionalProperties']) {
    if (typeof flat[keyword] === 'object') flat[keyword] = flatten(document, flat[keyword]);
  }
  return flat;
}

/** @param {Json} document @param {string} reference @returns {Json} */
export function resolve(document, reference) {
  return reference
    .slice(2)
    .split('/')
    .reduce((node, step) => node[step], document);
}

/**
 * What a client may send of a flat object schema: all but its `readOnly` members.
 * @param {Json} schema @returns {Json}
 */
export function content(schema) {
  const fields = Object.entries(schema.properties).filter(([, member]) => !member.readOnly);
  const names = new Set(fields.map(([name]) => name));
  return {
    ...schema,
    properties: Object.fromEntries(fields),
    required: (schema.required ?? []).filter((/** @type {string} */ name) => names.has(name)),
  };
}

/**
 * The schema of a JSON Merge Patch (RFC 7396) of what `schema` describes: nothing required, `null` removes.
 * @param {Json} schema @returns {Json}
 */
function mergePatch(schema) {
  if (schema.type !== 'object') return schema;
  const { required = [], ...patch } = schema;
  delete patch.minProperties;
  delete patch.maxProperties;
  patch.properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, member]) => [
      name,
      { ...mergePatch(member), ...(required.includes(name) ? {} : { nullable: true }) },
    ]),
  );
  if (typeof schema.additionalProperties === 'object') {
    patch.additionalProperties = { ...mergePatch(schema.additionalProperties), nullable: true };
  }
  return patch;
}

/** The TypeScript types of the contract, as src/api/schema.ts holds them. */
export async function types() {
  const nodes = await openapiTypes(/** @type {any} */ (load()));
  return `// Made from contract/openapi.yaml by \`npm run types\`; a test fails when it is stale.\n\n${astToString(nodes)}`;
}
