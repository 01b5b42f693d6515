/** The errors that a call can throw. Knows no fetch. */
import { service } from '../contract/service';
import { isObject, type Json, parse } from '../json/value';

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

/** An error whose message is written for people. The message of any other error is a library's or the browser's and is never shown. */
export class Explained extends Error {}

/** The API responded with a problem (RFC 9457). */
export class Refused extends Explained {
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
export class Unreachable extends Explained {
  constructor() {
    super('The service cannot be reached.');
    this.name = 'Unreachable';
  }
}

/** A response arrived that is not the API's: of a proxy, or of the sign-in page of a network. */
export class Unreadable extends Explained {
  constructor() {
    super('The service sent a response that this page cannot read. Check your network, and try again.');
    this.name = 'Unreadable';
  }
}

/** The user has to sign in again. */
export class SessionEnded extends Explained {
  constructor() {
    super('Your session has ended.');
    this.name = 'SessionEnded';
  }
}

/** The user stopped the wait for the next attempt. */
export class Stopped extends Explained {
  constructor(readonly reason: Error) {
    super(reason.message);
    this.name = 'Stopped';
  }
}

/** A response whose body has arrived. */
export interface Answer {
  ok: boolean;
  status: number;
  headers: Headers;
  text: string;
}

/** Return the problem in a response. What is missing from the body is made up from the response's status and headers. */
export function problemOf({ status, headers, text }: Answer): Problem {
  const unexplained = `The service responded with status ${status} and no explanation.`;
  const given: Json = bodyOf(text);
  const textOf = (name: string) => (typeof given[name] === 'string' ? given[name] : '');
  const { errors, ...others } = given;
  return {
    ...others,
    ...(Array.isArray(errors) && { errors: errors as NonNullable<Problem['errors']> }),
    status,
    type: textOf('type') || 'about:blank',
    title: textOf('title'),
    detail: textOf('detail') || unexplained,
    request_id: textOf('request_id') || (headers.get('X-Correlation-Id') ?? ''),
  };
}

function bodyOf(text: string): Json {
  try {
    const body = parse(text);
    return isObject(body) ? body : {};
  } catch {
    return {}; // Not JSON, for example a proxy's page: the status has to do.
  }
}

const UNEXPECTED = 'Something unexpected went wrong in this page. Reload the page, and try again.';
const reported = new WeakSet();

/** Return the message to show for an error, in a sentence or two. An error that nobody expected is written to the console. */
export function messageOf(error: unknown): string {
  const cause = error instanceof Stopped ? error.reason : error;
  if (cause instanceof Unreachable) {
    return navigator.onLine ? 'The service cannot be reached.' : 'You are offline.';
  }
  if (cause instanceof Refused) return explanationOf(cause.problem);
  if (cause instanceof Explained) return cause.message;
  if (cause instanceof Object && !reported.has(cause)) {
    reported.add(cause);
    console.error(cause);
  }
  return UNEXPECTED;
}

function explanationOf({ status, detail, request_id }: Problem): string {
  if (status === 429) return 'The service received too many requests.';
  if (status < 500) return detail;
  const report = request_id ? ` If this continues, report it with request ID ${request_id}.` : '';
  return `The service failed (status ${status}).${report}`;
}
