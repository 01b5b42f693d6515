/** The operations of the API as functions, typed by the contract; handles tokens, retries and problems. Knows no markup. */
import { Store } from '../store';
import type { Call } from './call';
import { problemOf, Refused, type SessionEnded, Unreachable } from './problem';
import { delay, wait } from './retry';
import type { components, operations } from '../../generated/contract';

export type Item = components['schemas']['Item'];
export type ItemContent = components['schemas']['ItemContent'];
export type ItemPatch = components['schemas']['ItemPatch'];
export type ItemPage = components['schemas']['ItemPage'];
export type ListQuery = NonNullable<operations['list_items']['parameters']['query']>;

/** Provides access tokens. Throws SessionEnded when the user has to sign in again. */
export interface Tokens {
  token(): Promise<string>;
  /** Return a token other than `rejected`, for which the API returned 401. */
  another(rejected: string): Promise<string>;
  /** End the session because the API rejected a new token. Return the error to throw. */
  ended(): SessionEnded;
}

interface Request {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

const KEPT = 20; // calls, shown under "API calls"

export class Api {
  /** The latest calls, newest first. */
  readonly calls = new Store<Call[]>([]);
  #sent = 0;

  constructor(
    readonly base: string,
    private readonly tokens: Tokens,
    private readonly fetch: typeof globalThis.fetch = (...given) => globalThis.fetch(...given),
    private readonly pause = wait,
    private readonly online = () => navigator.onLine,
  ) {}

  async list(query: ListQuery): Promise<ItemPage> {
    const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    const response = await this.#send({ method: 'GET', path: `/items?${text}` }, 'list');
    return (await response.json()) as ItemPage;
  }

  /** Return the item, or null if its version is still `known`. */
  async get(id: string, known?: number): Promise<Item | null> {
    const headers: Record<string, string> = known ? { 'If-None-Match': etag(known) } : {};
    const response = await this.#send({ method: 'GET', path: `/items/${id}`, headers }, id);
    return response.status === 304 ? null : ((await response.json()) as Item);
  }

  /** Create an item. However often a key is sent, it creates one item only. */
  async create(content: ItemContent, key: string): Promise<Item> {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
    const request = { method: 'POST', path: '/items', headers, body: JSON.stringify(content) };
    const response = await this.#send(request, 'new');
    const item = (await response.json()) as Item;
    this.calls.state = this.calls.state.map((call) =>
      call.headers['Idempotency-Key'] === key ? { ...call, about: item.id } : call,
    );
    return item;
  }

  /** Change the item if its version is still `known`. */
  async patch(id: string, patch: ItemPatch, known: number): Promise<Item> {
    const headers = { 'Content-Type': 'application/merge-patch+json', 'If-Match': etag(known) };
    const request = { method: 'PATCH', path: `/items/${id}`, headers, body: JSON.stringify(patch) };
    const response = await this.#send(request, id);
    return (await response.json()) as Item;
  }

  /** Delete the item if its version is still `known`. */
  async remove(id: string, known: number): Promise<void> {
    try {
      await this.#send({ method: 'DELETE', path: `/items/${id}`, headers: { 'If-Match': etag(known) } }, id);
    } catch (error) {
      // A 404 after a retry: an earlier attempt deleted the item and its response was lost.
      const deleted = error instanceof Refused && error.status === 404 && error.retried;
      if (!deleted) throw error;
    }
  }

  async #send(request: Request, about: string): Promise<Response> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#try(request, about, tries > 1);
      } catch (error) {
        const ms = delay(error, tries, this.online());
        if (ms === null || !(error instanceof Error)) throw error;
        await this.pause(error, ms);
      }
    }
  }

  async #try(request: Request, about: string, retried: boolean): Promise<Response> {
    const token = await this.tokens.token();
    let response = await this.#fetch(request, token, about);
    if (response.status === 401) {
      response = await this.#fetch(request, await this.tokens.another(token), about);
      if (response.status === 401) throw this.tokens.ended();
    }
    if (response.ok || response.status === 304) return response;
    const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
    throw new Refused(await problemOf(response), Number.isFinite(seconds) ? seconds : null, retried);
  }

  async #fetch(request: Request, token: string, about: string): Promise<Response> {
    const { method, path, headers = {}, body = null } = request;
    const call: Call = {
      ...{ number: ++this.#sent, about, method, url: this.base + path, headers, body },
      ...{ status: null, etag: null, replayed: false, milliseconds: null },
    };
    this.calls.state = [call, ...this.calls.state.slice(0, KEPT - 1)];
    const began = performance.now();
    let response: Response;
    try {
      response = await this.fetch(call.url, {
        ...{ method, body, cache: 'no-store', credentials: 'omit', redirect: 'error' },
        headers: { ...headers, Authorization: `Bearer ${token}` },
      });
    } catch {
      throw new Unreachable();
    }
    const completed: Call = {
      ...call,
      status: response.status,
      etag: response.headers.get('ETag'),
      replayed: response.headers.get('Idempotent-Replayed') === 'true',
      milliseconds: Math.round(performance.now() - began),
    };
    this.calls.state = this.calls.state.map((one) => (one === call ? completed : one));
    return response;
  }
}

function etag(version: number): string {
  return `"${version}"`;
}
