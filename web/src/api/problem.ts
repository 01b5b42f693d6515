/** The errors that a call can throw. Knows no fetch. */
import { service } from '../contract/service';
import { isObject, parse } from '../json/value';

/** Problem details: https://www.rfc-editor.org/rfc/rfc9457#section-3 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  request_id: string;
  /** On 400, every fault of the request: in the body at `pointer`, or of a parameter. */
  errors?: { pointer?: string; parameter?: string; detail: string }[];
  /** On 412. */
  current_version?: number;
}

/** The API responded with a problem (RFC 9457). */
export class Refused extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfter: number | null,
    /** Whether an earlier attempt of the same call failed; the API may have received it nevertheless. */
    readonly retried: boolean,
  ) {
    super(problem.detail);
    this.name = 'Refused';
  }

  get status(): number {
    return this.problem.status;
  }

  /** Whether what the key of a create created was deleted since; only another key can create something. */
  get deleted(): boolean {
    return this.problem.type === `${service.problems}deleted`;
  }
}

/** No response arrived: the network or the service is down. */
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

/** The user stopped the wait for the next attempt. */
export class Stopped extends Error {
  constructor(readonly reason: Error) {
    super(reason.message);
    this.name = 'Stopped';
  }
}

/** Return the problem in a response, or one made from its status if the body is not a problem. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  const request_id = response.headers.get('X-Correlation-Id') ?? '';
  try {
    const body = parse(text);
    if (isObject(body) && Object.hasOwn(body, 'detail')) return body as unknown as Problem;
  } catch {
    // Not JSON, for example a proxy's page: the status has to do.
  }
  const detail = `The service responded with status ${response.status} and no explanation.`;
  return { type: 'about:blank', title: response.statusText, status: response.status, detail, request_id };
}

/** Return the message to show for an error, in a sentence or two. */
export function messageOf(error: unknown): string {
  const cause = error instanceof Stopped ? error.reason : error;
  if (cause instanceof Unreachable) {
    return navigator.onLine ? 'The service cannot be reached.' : 'You are offline.';
  }
  if (cause instanceof Refused) {
    const { status, detail, request_id } = cause.problem;
    if (status === 429) return 'The service received too many requests.';
    if (status >= 500) {
      const report = request_id ? ` If this continues, report it with request ID ${request_id}.` : '';
      return `The service failed (status ${status}).${report}`;
    }
    return detail;
  }
  return cause instanceof Error ? cause.message : String(cause);
}
