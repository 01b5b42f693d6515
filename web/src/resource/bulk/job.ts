/**
 * Does one thing to many resources: a few at a time, all waiting while one has to, with progress, a stop, and a list of what failed.
 * Knows neither API nor markup.
 */
import type { Resource } from '../../api/client';
import { Refused, SessionEnded, Stopped, Unreachable } from '../../api/problem';
import { waits } from '../../api/retry';
import { Store } from '../../store';

const AT_ONCE = 4;
const HOPELESS = 4; // failures of the service in a row, after all their attempts: the next would fail too

export interface Failure {
  entry: Resource;
  reason: unknown;
}

export interface Progress {
  total: number;
  succeeded: number;
  failures: Failure[];
  state: 'running' | 'stopping' | 'over';
}

/** Throws when it failed. */
export type Act<Result> = (entry: Resource) => Promise<Result>;

export class Job<Result = unknown> {
  readonly store: Store<Progress>;
  readonly results: Result[] = [];
  /** What was not tried, because the job was stopped. */
  left: Resource[];
  #failedInARow = 0;

  constructor(
    entries: readonly Resource[],
    private readonly act: Act<Result>,
    private readonly rest: () => Promise<void> = calm,
  ) {
    this.left = [...entries];
    this.store = new Store<Progress>({ total: entries.length, succeeded: 0, failures: [], state: 'running' });
  }

  /** Resolve when all are done, or those under way when the job was stopped. */
  async run(): Promise<this> {
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work()));
    this.#change({ state: 'over' });
    return this;
  }

  /** Begin no more. */
  stop(): void {
    if (this.store.state.state === 'running') this.#change({ state: 'stopping' });
  }

  async #work(): Promise<void> {
    for (;;) {
      await this.rest();
      const entry = this.store.state.state === 'running' ? this.left.shift() : undefined;
      if (!entry) return;
      await this.#one(entry);
    }
  }

  async #one(entry: Resource): Promise<void> {
    try {
      this.results.push(await this.act(entry));
      this.#failedInARow = 0;
      this.#change({ succeeded: this.store.state.succeeded + 1 });
    } catch (reason) {
      if (reason instanceof SessionEnded || reason instanceof Stopped) {
        this.left.unshift(entry);
        this.stop();
        return;
      }
      this.#change({ failures: [...this.store.state.failures, { entry, reason }] });
      this.#failedInARow = isOfService(reason) ? this.#failedInARow + 1 : 0;
      if (reason instanceof Unreachable || this.#failedInARow >= HOPELESS) this.stop();
    }
  }

  #change(part: Partial<Progress>): void {
    this.store.state = { ...this.store.state, ...part };
  }
}

/** Whether a call failed for a reason that has nothing to do with what it was about. */
function isOfService(reason: unknown): boolean {
  return reason instanceof Refused && (reason.status === 429 || reason.status >= 500);
}

/** Resolve when no call waits for its next attempt: a service that is busy gets no further calls. */
function calm(): Promise<void> {
  if (!waits.state.length) return Promise.resolve();
  return new Promise((resolve) => {
    const end = waits.subscribe(() => {
      if (waits.state.length) return;
      end();
      resolve();
    });
  });
}
