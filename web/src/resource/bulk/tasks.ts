/** The job that the page is doing, one at a time, with its words for people and what follows it. Knows no markup. */
import type { Resource } from '../../api/client';
import { Explained } from '../../api/problem';
import { service } from '../../contract/service';
import { Store } from '../../store';
import { type Act, type Failure, Job } from './job';

/** `doing`: "Deleting"; `not`: "not deleted". */
export interface Words {
  doing: string;
  not: string;
}

export interface Task {
  number: number;
  words: Words;
  job: Job;
  /** Do it again to these. */
  retry: (entries: Resource[]) => void;
}

/** The task under way, or the last one while something of it failed or was left. */
export const current = new Store<Task | null>(null);

let last = 0;
let queue: Promise<unknown> = Promise.resolve();

interface Plan<Result> {
  words: Words;
  act: Act<Result>;
  /** What follows when something succeeded, such as a notice with an undo. */
  after: (results: Result[]) => void;
}

/** Do it to all of these when the jobs before are over. Resolve when it is done. */
export function start<Result>(entries: readonly Resource[], plan: Plan<Result>): Promise<void> {
  const run = async () => {
    const job = new Job(entries, plan.act);
    last += 1;
    current.state = { number: last, words: plan.words, job, retry: (failed) => void start(failed, plan) };
    await job.run();
    if (!job.store.state.failures.length && !job.left.length) current.state = null;
    if (job.results.length) plan.after(job.results);
  };
  const mine = queue.then(run);
  queue = mine;
  return mine;
}

/** It failed and cannot succeed by being tried again: it is gone, or would not be valid. */
export class Final extends Explained {}

/** It was changed elsewhere; `theirs` is its current version. */
export class Changed extends Explained {
  constructor(readonly theirs: Resource) {
    super(`The ${service.singular} was changed elsewhere after it was shown here.`);
  }
}

/** Return what can be tried again, in its current version. */
export function retryable(failures: readonly Failure[], left: readonly Resource[]): Resource[] {
  return [
    ...failures
      .filter(({ reason }) => !(reason instanceof Final))
      .map(({ entry, reason }) => (reason instanceof Changed ? reason.theirs : entry)),
    ...left,
  ];
}
