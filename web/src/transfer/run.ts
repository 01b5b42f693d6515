/**
 * Creates what a file contains, a few rows at a time, and keeps what became of each, so that it can stop and go on at any point.
 * Knows no markup.
 */
import type { Call } from '../api/call';
import type { Api, Resource } from '../api/client';
import { Refused, messageOf } from '../api/problem';
import { waits } from '../api/retry';
import { type Json, parse } from '../json/value';
import { Store } from '../store';
import type { Kept, KeptRow, Outcome, Run } from './kept';

export interface Progress {
  run: Run;
  state: 'running' | 'paused' | 'finished';
  /** Why it is paused; empty if the user stopped it. */
  reason: string;
  counts: Record<Outcome['state'], number>;
  /** Rows that have yet to be created. */
  left: number;
  /** What was left out or failed, and why, in the order of the file. */
  failures: Failure[];
}

export interface Failure {
  row: KeptRow;
  why: string;
}

const WORKERS = 3;
const OFTEN = 100; // milliseconds between two states that are shown, since each counts all rows
const IN_A_ROW = 3; // failures of the service after which it is no use to go on

const ELSEWHERE = 'It is running in another tab.';

export class Importer {
  readonly store = new Store<Progress | null>(null);
  #outcomes = new Map<number, Outcome>();
  /** Rows whose call is under way. */
  #flying = new Set<number>();
  #failing = 0;
  /** Counts the calls of `go`: the workers of an earlier one end. */
  #turn = 0;
  #drawing = false;
  #release: () => void = () => undefined;

  constructor(
    private readonly api: Pick<Api, 'create' | 'calls'>,
    private readonly onCreated: (made: Resource) => void,
    private readonly words: (error: Refused) => string,
    private readonly kept: Kept,
    private readonly lock = locked,
  ) {}

  /** Show the run that the user left behind, if there is one. */
  async recall(sub: string): Promise<void> {
    const found = await this.kept.read(sub);
    if (this.store.state || !found) return;
    this.#outcomes = found.outcomes;
    this.#show(found.run, 'paused', (await this.#isElsewhere(sub)) ? ELSEWHERE : '');
  }

  async begin(run: Run): Promise<void> {
    await this.kept.begin(run);
    this.#outcomes = new Map();
    this.#show(run, 'paused');
    await this.go();
  }

  /** Create what is left. Resolves when the run has finished or is paused. */
  async go(): Promise<void> {
    const { run: before, state } = this.#now();
    if (state === 'running') return;
    const release = await this.lock(`import:${before.sub}`);
    if (!release) {
      this.#show(before, 'paused', ELSEWHERE);
      return;
    }
    this.#release = release;
    try {
      await this.#create(before.sub);
    } catch (error) {
      this.stop(messageOf(error));
    }
    release();
  }

  /** Create what is left of the run as it is kept: another tab may have gone on with it, or forgotten it. */
  async #create(sub: string): Promise<void> {
    const found = await this.kept.read(sub);
    if (!found) {
      this.store.state = null;
      return;
    }
    const { run, outcomes } = found;
    this.#outcomes = outcomes;
    this.#failing = 0;
    this.#show(run, 'running');
    const open = ({ place, fault }: KeptRow) => !fault && !outcomes.has(place) && !this.#flying.has(place);
    const queue = run.rows.filter(open);
    const turn = ++this.#turn;
    await Promise.all(Array.from({ length: WORKERS }, () => this.#work(run, queue, turn)));
    if (turn === this.#turn) this.stop();
    this.#draw();
  }

  /** Stop after the calls that are under way. */
  stop(reason = ''): void {
    if (this.store.state?.state === 'running') this.#pause(reason);
  }

  /** Send the rows with an outcome again; with `anew`, as new ones, although an earlier run created them. */
  async again(state: Outcome['state'], anew = false): Promise<void> {
    const { run } = this.#now();
    const chosen = ({ place }: KeptRow) => this.#outcomes.get(place)?.state === state;
    const places = run.rows.filter(chosen).map(({ place }) => place);
    const rekeyed = (row: KeptRow) =>
      anew && chosen(row) ? { ...row, key: `import-${crypto.randomUUID()}` } : row;
    const next = { ...run, rows: run.rows.map(rekeyed) };
    await this.kept.reopen(next, places);
    for (const place of places) this.#outcomes.delete(place);
    this.#show(next, 'paused');
    await this.go();
  }

  /** Forget the run. What it created stays. */
  async forget(): Promise<void> {
    const { run } = this.#now();
    this.stop();
    this.store.state = null;
    await this.kept.forget(run.sub);
  }

  async #work(run: Run, queue: KeptRow[], turn: number): Promise<void> {
    for (;;) {
      await quiet();
      const going = turn === this.#turn && this.store.state?.state === 'running';
      const row = going ? queue.shift() : undefined;
      if (!row) return;
      this.#flying.add(row.place);
      const outcome = await this.#send(row, queue);
      this.#flying.delete(row.place);
      if (outcome) await this.#note(run, row, outcome);
    }
  }

  /** Return what became of a row; null if that is still open. */
  async #send(row: KeptRow, queue: KeptRow[]): Promise<Outcome | null> {
    const before = this.api.calls.state[0]?.number ?? 0;
    const isMine = ({ number, headers }: Call) => number > before && Object.values(headers).includes(row.key);
    try {
      const made = await this.api.create(parse(row.body) as Json, row.key);
      this.#failing = 0;
      this.onCreated(made);
      const sent = this.api.calls.state.filter(isMine);
      // Done by an earlier attempt: of this run if it was sent more than once.
      return { state: sent.length === 1 && sent[0]?.replayed ? 'known' : 'created', why: '' };
    } catch (error) {
      if (!(error instanceof Refused)) {
        this.stop(messageOf(error));
        return null;
      }
      return this.#refused(error, row, queue);
    }
  }

  #refused(error: Refused, row: KeptRow, queue: KeptRow[]): Outcome | null {
    if (error.deleted)
      return { state: 'deleted', why: 'An earlier import created it, and it was deleted since.' };
    if (error.status === 429) {
      queue.unshift(row); // it was waited for as long as the service said, several times; nothing else is sent meanwhile
      return null;
    }
    if (error.status === 401 || error.status === 403) {
      this.stop(messageOf(error));
      return null;
    }
    if (error.status >= 500 && ++this.#failing >= IN_A_ROW) this.stop(messageOf(error));
    return { state: 'failed', why: this.words(error) };
  }

  async #note(run: Run, row: KeptRow, outcome: Outcome): Promise<void> {
    if (this.store.state?.run.id !== run.id) return; // it was forgotten meanwhile
    await this.kept.note(run.sub, row.place, outcome);
    this.#outcomes.set(row.place, outcome);
    if (this.#drawing) return;
    this.#drawing = true;
    setTimeout(() => this.#draw(), OFTEN);
  }

  #draw(): void {
    this.#drawing = false;
    if (this.store.state) this.#show(this.store.state.run, this.store.state.state, this.store.state.reason);
  }

  async #isElsewhere(sub: string): Promise<boolean> {
    const release = await this.lock(`import:${sub}`);
    release?.();
    return !release;
  }

  #now(): Progress {
    if (!this.store.state) throw new Error('There is no import.');
    return this.store.state;
  }

  #pause(reason = ''): void {
    this.#release();
    this.#show(this.#now().run, 'paused', reason);
  }

  #show(run: Run, state: Progress['state'], reason = ''): void {
    const counts = { created: 0, known: 0, deleted: 0, failed: 0 };
    const failures: Failure[] = [];
    for (const row of run.rows) {
      const outcome = this.#outcomes.get(row.place);
      if (outcome) counts[outcome.state] += 1;
      if (row.fault || outcome?.why) failures.push({ row, why: row.fault || (outcome?.why ?? '') });
    }
    const done = counts.created + counts.known + counts.deleted + counts.failed;
    const left = run.rows.filter(({ fault }) => !fault).length - done;
    this.store.state = {
      run,
      state: left || state === 'running' ? state : 'finished',
      reason,
      counts,
      left,
      failures,
    };
  }
}

/** Resolve when no call waits for its next attempt: what the service said to one call is true for all. */
function quiet(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (waits.state.length) return;
      end();
      resolve();
    };
    const end = waits.subscribe(look);
    look();
  });
}

/** Take a lock that one tab of the browser can have. Return what releases it; null if another tab has it. */
function locked(name: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (!lock) resolve(null);
      return lock && new Promise<void>((release) => resolve(release));
    });
  });
}
