/** The five operations as functions, typed by the contract: tokens, retries and problems are dealt with here. Knows no markup. */
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

/** Where access tokens come from. Fails with SessionEnded when there is none to be had. */
export interface Tokens {
  token(): Promise<string>;
  /** One that is not `refused`, which the API answered with 401. */
  another(refused: string): Promise<string>;
  /** Ends the session: the API refused a token that was new. Answers what to throw. */
  ended(): SessionEnded;
}

interface Request {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

const KEPT = 20; // calls, for "The call"

export class Api {
  /** The last calls, the newest first. */
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

  /** The item; null if it is still the version `known`. */
  async get(id: string, known?: number): Promise<Item | null> {
    const headers: Record<string, string> = known ? { 'If-None-Match': etag(known) } : {};
    const response = await this.#send({ method: 'GET', path: `/items/${id}`, headers }, id);
    return response.status === 304 ? null : ((await response.json()) as Item);
  }

  /** Makes an item, one only for a key however often it is sent. */
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

  /** Changes the item if it is still the version `known`. */
  async patch(id: string, patch: ItemPatch, known: number): Promise<Item> {
    const headers = { 'Content-Type': 'application/merge-patch+json', 'If-Match': etag(known) };
    const request = { method: 'PATCH', path: `/items/${id}`, headers, body: JSON.stringify(patch) };
    const response = await this.#send(request, id);
    return (await response.json()) as Item;
  }

  /** Deletes the item if it is still the version `known`. */
  async remove(id: string, known: number): Promise<void> {
    try {
      await this.#send({ method: 'DELETE', path: `/items/${id}`, headers: { 'If-Match': etag(known) } }, id);
    } catch (error) {
      const gone = error instanceof Refused && error.status === 404;
      if (!gone || !error.retried) throw error; // else an earlier try had deleted it and its answer was lost
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
    const answered: Call = {
      ...call,
      status: response.status,
      etag: response.headers.get('ETag'),
      replayed: response.headers.get('Idempotent-Replayed') === 'true',
      milliseconds: Math.round(performance.now() - began),
    };
    this.calls.state = this.calls.state.map((one) => (one === call ? answered : one));
    return response;
  }
}

function etag(version: number): string {
  return `"${version}"`;
}
