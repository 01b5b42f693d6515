/** What the contract calls the resource and its operations. The only place of the app that knows a name or a path. */
import text from 'virtual:service';
import type { Schema } from './schema';
import { type Json, parse } from '../json/value';

type Kind = 'create' | 'list' | 'get' | 'replace' | 'patch' | 'delete' | 'restore' | 'other';

interface Operation {
  kind: Kind;
  scopes: string[];
  /** The names of its parameters. */
  parameters: string[];
}

/** Of `build/service.json`, as src/crudctl/build/service.py describes it, with what web/scripts/contract.js adds. */
interface Service {
  title: string;
  collection: string;
  schema: string;
  singular: string;
  plural: string;
  page: string;
  /** What the type of every problem begins with. */
  problems: string;
  operations: Record<string, Operation>;
  /** The most that a page may hold. */
  limit: number;
  /** Of what a client creates. */
  examples: Json[];
}

const { service: described, content: schema } = parse(text) as { service: Service; content: Schema };

export const service = described;
/** The flat schema of what a client may send. */
export const content = schema;

/** Return whether the contract has an operation of this kind; with `parameter`, whether one takes it. */
export function has(kind: Kind, parameter?: string): boolean {
  return Object.values(service.operations).some(
    (operation) =>
      operation.kind === kind && (parameter === undefined || operation.parameters.includes(parameter)),
  );
}

/** The scopes that the app's own calls need. */
export const scopes = [
  ...new Set(
    Object.values(service.operations).flatMap(({ kind, scopes }) => (kind === 'other' ? [] : scopes)),
  ),
];

/** The path of the collection, in the app and in the API. */
export const collection = `/${service.collection}`;

/** The path in the app of what was deleted and can be restored. */
export const trash = `${collection}/trash`;

/** Return `1 order`, `3 orders`. */
export function counted(count: number): string {
  return `${count.toLocaleString()} ${count === 1 ? service.singular : service.plural}`;
}

/** Return a text that begins with a capital letter. */
export function capitalised(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
