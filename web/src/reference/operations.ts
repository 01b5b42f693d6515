/** The operations and schemas of the contract that is built into the app, in the order of the page. Knows no markup. */
import text from 'virtual:contract';
import { service } from '../contract/service';
import { parse } from '../json/value';
import {
  isSection,
  type OpenApi,
  type Operation,
  type Parameter,
  type Ref,
  resolve,
  schemasIn,
} from './document';

/** One operation with where it is. */
export interface Entry {
  path: string;
  method: string;
  name: string;
  operation: Operation;
  parameters: Ref<Parameter>[];
}

export const contract = parse(text) as OpenApi;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

export const operations: Entry[] = Object.entries(contract.paths).flatMap(([path, methods]) =>
  METHODS.flatMap((method) => {
    const operation = methods[method];
    if (!operation) return [];
    const parameters = [...(methods.parameters ?? []), ...(operation.parameters ?? [])];
    return [{ path, method: method.toUpperCase(), name: nameOf(operation), operation, parameters }];
  }),
);

/** The names of the parameters in paths: a reader who fills one in means it for every operation. */
export const pathNames = [
  ...new Set(
    operations.flatMap(({ parameters }) =>
      parameters
        .map((one) => resolve(contract, one))
        .filter((one) => one.in === 'path')
        .map((one) => one.name),
    ),
  ),
];

// web_contract.py adds this one, also for a contract that does not mention it.
const derived = `${service.schema}Content`;
const mentioned = schemasIn(contract, contract.paths);

export const schemas = Object.entries(contract.components.schemas).filter(
  ([name, schema]) => (name !== derived || mentioned.has(name)) && isSection(contract, schema),
);

/** The names of the schemas that requests contain. */
export const sent = schemasIn(
  contract,
  operations.map(({ operation }) => operation.requestBody),
);

function nameOf({ summary, operationId }: Operation): string {
  return summary ?? operationId.replaceAll('_', ' ');
}
