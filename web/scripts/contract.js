/** Reads what `crudctl package` derives from contract/openapi.yaml. Knows nothing of the app. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parse, stringify } from 'lossless-json';

const ROOT = join(import.meta.dirname, '../..');
export const OPENAPI = join(ROOT, 'contract/openapi.yaml');
const DERIVED = join(ROOT, 'build/web-contract.json');
const TESTED = join(import.meta.dirname, '../tests/contract.json'); // unit tests do not depend on the project's contract

/**
 * Return the JSON texts of the parts that src/crudctl/build/web_contract.py describes; packages first if the contract is newer.
 * @returns {{ title: string, plural: string, service: string, document: string }}
 */
export function read() {
  const { service, content, document } = /** @type {any} */ (parse(readFileSync(file(), 'utf8')));
  const { title, collection, schema, singular, plural, page, problems } = service;
  const limit = largestPage(document, collection);
  const operations = Object.entries(service.operations).map(([name, operation]) => {
    const { kind, scopes, method, path } = /** @type {any} */ (operation);
    const parameters = parametersOf(document, path, method.toLowerCase()).map(({ name }) => name);
    return [name, { kind, scopes, parameters }];
  });
  const names = {
    ...{ title, collection, schema, singular, plural, page, problems, limit },
    operations: Object.fromEntries(operations),
    examples: examplesOf(document, collection),
  };
  return {
    title,
    plural,
    service: written({ service: names, content }),
    document: written(document),
  };
}

/**
 * The maximum of the list's parameter `limit`, which src/crudctl/build/promises.py requires.
 * @param {any} document
 * @param {string} collection
 */
function largestPage(document, collection) {
  const limit = parametersOf(document, `/${collection}`, 'get').find(({ name }) => name === 'limit');
  return Number(limit.schema.maximum);
}

/**
 * The examples of what a client creates.
 * @param {any} document
 * @param {string} collection
 * @returns {unknown[]}
 */
function examplesOf(document, collection) {
  const { examples = {} } =
    document.paths[`/${collection}`].post?.requestBody?.content['application/json'] ?? {};
  return Object.values(examples).map(({ $ref, value }) =>
    $ref ? document.components.examples[$ref.split('/').at(-1)].value : value,
  );
}

/**
 * The parameters of an operation, those of its path included.
 * @param {any} document
 * @param {string} path
 * @param {string} method
 * @returns {any[]}
 */
function parametersOf(document, path, method) {
  const { [method]: operation, parameters = [] } = document.paths[path];
  return [...parameters, ...(operation.parameters ?? [])].map(({ $ref, ...own }) =>
    $ref ? document.components.parameters[$ref.split('/').at(-1)] : own,
  );
}

function file() {
  if (process.env['VITEST']) return TESTED;
  const derived = statSync(DERIVED, { throwIfNoEntry: false });
  if (!derived || derived.mtimeMs < statSync(OPENAPI).mtimeMs) {
    execFileSync('make', ['-C', ROOT, 'build/functions.zip'], { stdio: 'inherit' });
  }
  return DERIVED;
}

/** @param {unknown} value */
function written(value) {
  return stringify(value) ?? 'null';
}
