/** When a failed call is retried, and the wait before that, which the page shows. Knows no call. */
import { Store } from '../store';
import { Refused, Stopped, Unreachable } from './problem';

export const MOST_TRIES = 5;
const LONGEST = 30_000;

/**
 * Return the milliseconds to wait before the next attempt, or null for no further attempt. Without a network, the wait ends
 * when the network is back, and the limit on attempts does not apply.
 *
 * Every call of this app is safe to repeat: reads, creates with their `Idempotency-Key`, changes with their `If-Match`. A 409
 * is repeated only if it has a `Retry-After`: without one, the next attempt would be refused like this one.
 * Backoff with jitter: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function delay(error: unknown, tries: number, online: boolean, random = Math.random): number | null {
  if (error instanceof Unreachable && !online) return LONGEST;
  const again = error instanceof Unreachable || (error instanceof Refused && isPassing(error));
  if (!again || tries >= MOST_TRIES) return null;
  if (error instanceof Refused && error.retryAfter !== null) return error.retryAfter * 1000;
  return Math.min(LONGEST, 1000 * 2 ** (tries - 1)) * (0.75 + random() / 2);
}

function isPassing({ status, retryAfter }: Refused): boolean {
  return status === 429 || status >= 500 || (status === 409 && retryAfter !== null);
}

export interface Wait {
  reason: Error;
  /** Time of the next attempt, as returned by `Date.now()`. */
  until: number;
  tryNow(): void;
  stop(): void;
}

export const waits = new Store<Wait[]>([]);

/**
 * Resolve after `ms`, or as soon as the network is back or the user asks to retry. Throws Stopped when the user stops the wait.
 */
export function wait(reason: Error, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (how: () => void) => () => {
      clearTimeout(timer);
      removeEventListener('online', now);
      waits.state = waits.state.filter((other) => other !== mine);
      how();
    };
    const now = done(resolve);
    const mine: Wait = {
      reason,
      until: Date.now() + ms,
      tryNow: now,
      stop: done(() => reject(new Stopped(reason))),
    };
    const timer = setTimeout(now, ms);
    addEventListener('online', now);
    waits.state = [...waits.state, mine];
  });
}
