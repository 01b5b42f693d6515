/** What can go wrong with a call, as errors to catch. Knows no fetch. */
import type { components } from '../../generated/contract';

export type Problem = components['schemas']['Problem'];

/** The API answered with a problem (RFC 9457). */
export class Refused extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfter: number | null,
    /** Whether an earlier try of the same call failed: it may have arrived all the same. */
    readonly retried: boolean,
  ) {
    super(problem.detail);
    this.name = 'Refused';
  }

  get status(): number {
    return this.problem.status;
  }
}

/** No answer came: no network, or nobody there. */
export class Unreachable extends Error {
  constructor() {
    super('The service cannot be reached.');
    this.name = 'Unreachable';
  }
}

/** The user has to sign in again. */
export class SessionEnded extends Error {
  constructor() {
    super('Your session has ended.');
    this.name = 'SessionEnded';
  }
}

/** The user did not want to wait for the next try. */
export class Stopped extends Error {
  constructor(readonly reason: Error) {
    super(reason.message);
    this.name = 'Stopped';
  }
}

/** The problem of an answer; one made of its status where the body is none. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  const request_id = response.headers.get('X-Correlation-Id') ?? '';
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body && 'detail' in body) return body as Problem;
  } catch {
    // a proxy's page, say: told below by its status
  }
  const detail = `The service answered ${response.status} without saying why.`;
  return { type: 'about:blank', title: response.statusText, status: response.status, detail, request_id };
}

/** What to tell the user of an error, in a sentence or two. */
export function tell(error: unknown): string {
  const cause = error instanceof Stopped ? error.reason : error;
  if (cause instanceof Unreachable) {
    return navigator.onLine ? 'The service cannot be reached.' : 'You are offline.';
  }
  if (cause instanceof Refused) {
    const { status, detail, request_id } = cause.problem;
    if (status === 429) return 'The service asked for fewer requests.';
    if (status >= 500) return `The service failed (${status}). If it goes on, report request ${request_id}.`;
    return detail;
  }
  return cause instanceof Error ? cause.message : String(cause);
}
