/** The operations of the API as functions; handles tokens, retries and problems. Knows no field of the contract and no markup. */
import { isObject, type Json, parse, write } from '../json/value';
import { collection, has, service } from '../contract/service';
import { Store } from '../store';
import type { Call } from './call';
import { type Answer, problemOf, Refused, type SessionEnded, Unreachable, Unreadable } from './problem';
import { delay, wait } from './retry';

/** What every resource has, set by the service; the contract adds its fields. */
export interface Resource extends Json {
  id: string;
  version: number;
  created_at: string;
  updated_at: string;
}
export interface Page {
  entries: Resource[];
  next_cursor: string | null;
}
export interface ListQuery {
  limit?: number;
  order?: 'asc' | 'desc';
  cursor?: string;
  /** List what was deleted and can be restored, instead of what exists. */
  deleted?: true;
}

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
const KEY = 'Idempotency-Key';

export class Api {
  /** The latest calls, newest first. */
  readonly calls = new Store<Call[]>([]);
  #sent = 0;
  /** The keys of writes that have not succeeded yet: the same write gets the same key, also when the user sends it again. */
  #keys = new Map<string, string>();

  constructor(
    readonly base: string,
    private readonly tokens: Tokens,
    private readonly fetch: typeof globalThis.fetch = (...given) => globalThis.fetch(...given),
    private readonly pause = wait,
    private readonly online = () => navigator.onLine,
  ) {}

  async list(query: ListQuery): Promise<Page> {
    const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    const page = read(await this.#send({ method: 'GET', path: `${collection}?${text}` }, 'list'));
    const entries = page[service.page];
    if (!Array.isArray(entries)) throw new Unreadable();
    return { entries: entries as Resource[], next_cursor: page['next_cursor'] as string | null };
  }

  /** Return the resource, or null if its version is still `known`. */
  async get(id: string, known?: number): Promise<Resource | null> {
    const headers: Record<string, string> = known ? { 'If-None-Match': etag(known) } : {};
    const response = await this.#send({ method: 'GET', path: `${collection}/${id}`, headers }, id);
    return response.status === 304 ? null : resourceOf(response);
  }

  /** Create a resource. However often a key is sent, it creates one only. */
  async create(content: Json, key: string): Promise<Resource> {
    const headers = { 'Content-Type': 'application/json', [KEY]: key };
    const request = { method: 'POST', path: collection, headers, body: sendable(content) };
    const response = await this.#send(request, 'new');
    const made = resourceOf(response);
    this.calls.state = this.calls.state.map((call) =>
      call.headers[KEY] === key ? { ...call, about: made.id } : call,
    );
    return made;
  }

  /** Apply a JSON Merge Patch (RFC 7396) if the resource's version is still `known`. */
  async patch(id: string, patch: Json, known: number): Promise<Resource> {
    const headers = { 'Content-Type': 'application/merge-patch+json', 'If-Match': etag(known) };
    const request = { method: 'PATCH', path: `${collection}/${id}`, headers, body: sendable(patch) };
    return resourceOf(await this.#write(request, id, has('patch', KEY)));
  }

  /** Replace all content if the resource's version is still `known`. */
  async replace(id: string, content: Json, known: number): Promise<Resource> {
    const headers = { 'Content-Type': 'application/json', 'If-Match': etag(known) };
    const request = { method: 'PUT', path: `${collection}/${id}`, headers, body: sendable(content) };
    return resourceOf(await this.#write(request, id, has('replace', KEY)));
  }

  /** Delete the resource if its version is still `known`; with `purge`, for good. */
  async remove(id: string, known: number, purge = false): Promise<void> {
    const path = `${collection}/${id}${purge ? '?purge=true' : ''}`;
    const request = { method: 'DELETE', path, headers: { 'If-Match': etag(known) } };
    try {
      await this.#write(request, id, has('delete', KEY));
    } catch (error) {
      // A 404 after a retry: an earlier attempt deleted it and its response was lost.
      const deleted = error instanceof Refused && error.status === 404 && error.retried;
      if (!deleted) throw error;
    }
  }

  /** Restore a deleted resource if its version is still `known`. It keeps its ID and gets a new version. */
  async restore(id: string, known: number): Promise<Resource> {
    const path = `${collection}/${id}/restore`;
    const request = { method: 'POST', path, headers: { 'If-Match': etag(known) } };
    return resourceOf(await this.#write(request, id, has('restore', KEY)));
  }

  /** Send a GET without any retry, and return the response as it is, also if it is a problem. */
  probe(path: string): Promise<Answer> {
    return this.#authorised({ method: 'GET', path }, 'reference');
  }

  /** Send a write with a key if its operation takes one, so that a repeat gets the response that was lost. */
  async #write(request: Request, about: string, keyed: boolean): Promise<Answer> {
    if (!keyed) return this.#send(request, about);
    const write = JSON.stringify(request);
    const key = this.#keys.get(write) ?? crypto.randomUUID();
    this.#keys.set(write, key);
    const response = await this.#send({ ...request, headers: { ...request.headers, [KEY]: key } }, about);
    this.#keys.delete(write);
    return response;
  }

  async #send(request: Request, about: string): Promise<Answer> {
    let tries = 0; // without those that failed because there is no network
    for (let retried = false; ; retried = true) {
      try {
        return await this.#try(request, about, retried);
      } catch (error) {
        const online = this.online();
        if (online || !(error instanceof Unreachable)) tries += 1;
        const ms = delay(error, tries, online);
        if (ms === null || !(error instanceof Error)) throw error;
        await this.pause(error, ms);
      }
    }
  }

  async #try(request: Request, about: string, retried: boolean): Promise<Answer> {
    const response = await this.#authorised(request, about);
    if (response.ok || response.status === 304) return response;
    const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
    throw new Refused(problemOf(response), Number.isFinite(seconds) ? seconds : null, retried);
  }

  /** Send a request once, and once more if the token was refused. */
  async #authorised(request: Request, about: string): Promise<Answer> {
    const token = await this.tokens.token();
    const response = await this.#fetch(request, token, about);
    if (response.status !== 401) return response;
    const second = await this.#fetch(request, await this.tokens.another(token), about);
    if (second.status === 401) throw this.tokens.ended();
    return second;
  }

  async #fetch(request: Request, token: string, about: string): Promise<Answer> {
    const { method, path, headers = {}, body = null } = request;
    const call: Call = {
      ...{ number: ++this.#sent, about, method, url: this.base + path, headers, body },
      ...{ status: null, etag: null, replayed: false, milliseconds: null },
    };
    this.calls.state = [call, ...this.calls.state.slice(0, KEPT - 1)];
    const began = performance.now();
    let response: Response;
    let text: string;
    try {
      response = await this.fetch(call.url, {
        ...{ method, body, cache: 'no-store', credentials: 'omit', redirect: 'error' },
        headers: { ...headers, Authorization: `Bearer ${token}` },
      });
      text = await response.text(); // which fails if the connection is lost halfway
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
    return { ok: response.ok, status: response.status, headers: response.headers, text };
  }
}

function read({ text }: Answer): Json {
  let body: unknown;
  try {
    body = parse(text);
  } catch {
    throw new Unreadable();
  }
  if (!isObject(body)) throw new Unreadable();
  return body;
}

function resourceOf(answer: Answer): Resource {
  const body = read(answer);
  if (typeof body['id'] !== 'string') throw new Unreadable();
  return body as Resource;
}

/** Return the JSON text to send. The API refuses a raw U+FFFD, which would also stand for bytes that were lost on the way. */
function sendable(content: Json): string {
  return write(content).replaceAll('\ufffd', '\\ufffd');
}

function etag(version: number): string {
  return `"${version}"`;
}
