/** Faults and refusals of an import as sentences. Knows no file. */
import { type Refused, messageOf } from '../api/problem';
import type { Fault } from '../contract/validate';
import { counted, service } from '../contract/service';
import { placeOf } from '../list/content';
import type { Progress } from './run';

/** Return `Box › Width must be at least 1.` */
export function sentence({ pointer, detail }: Fault): string {
  return `${placeOf(pointer) || 'The row'} ${detail}.`;
}

/** Return why the API refused a row. */
export function refusal(error: Refused): string {
  const errors = error.status === 400 ? (error.problem.errors ?? []) : [];
  if (!errors.length) return messageOf(error);
  return errors.map(({ pointer = '', detail }) => sentence({ pointer, detail })).join(' ');
}

/** Return how far a run is, in a sentence or two. */
export function progressOf({ run, state, reason, left, ...rest }: Progress): string {
  const total = run.rows.filter(({ fault }) => !fault).length;
  if (state === 'running')
    return `Importing “${run.file}”: ${(total - left).toLocaleString()} of ${counted(total)}.`;
  if (state === 'paused')
    return `The import of “${run.file}” has stopped, with ${counted(left)} left to create. ${reason}`;
  return `The import of “${run.file}” is finished. ${resultOf(rest)}`;
}

/** Return `95 orders created. 5 rows were not.` */
export function resultOf({ counts, failures }: Pick<Progress, 'counts' | 'failures'>): string {
  if (!counts.created) return `No ${service.singular} was created.`;
  const others = failures.length + counts.known;
  const rest = others ? ` ${others.toLocaleString()} ${others === 1 ? 'row was' : 'rows were'} not.` : '';
  return `${counted(counts.created)} created.${rest}`;
}
