/** Faults and refusals of an import as sentences. Knows no file. */
import { type Refused, messageOf } from '../api/problem';
import type { Fault } from '../contract/validate';
import { placeOf } from '../list/content';

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
