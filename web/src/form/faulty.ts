/** Where the faults of a form are shown, and which control is to be fixed first. Knows no markup of a control. */
import { type Fault, faults as faultsOf, newFaults } from '../contract/validate';
import type { Schema } from '../contract/schema';
import { type Json, own, same, stepsOf } from '../json/value';
import type { Field } from '../contract/fields';
import { type Pairs, type Raws, valueOf } from './raw';

/** Whether a pointer is that of a field or of something inside it. */
export function within(pointer: string, field: Field): boolean {
  return pointer === field.pointer || pointer.startsWith(`${field.pointer}/`);
}

/** Return the faults that no field shows: those of the whole body, or of a property that the form does not know. */
export function unplaced(fields: Field[], faults: Fault[]): Fault[] {
  return faults.filter(({ pointer }) => !fields.some((field) => within(pointer, field)));
}

/** Return the steps from a field to its fault. */
export function stepsInside(field: Field, { pointer }: Fault): string[] {
  return stepsOf(pointer.slice(field.pointer.length));
}

/** Return the faults of one pair. Of those that share a name, the first keeps it. */
export function ofPair(field: Field, pairs: Pairs['pairs'], index: number, faults: Fault[]): Fault[] {
  const [name = '', text = ''] = pairs[index] ?? [];
  const first = pairs.findIndex(([other]) => other.trim() === name.trim()) === index;
  return faults.filter((fault) => {
    const [step] = stepsInside(field, fault);
    if (step === undefined || (step !== name && step !== name.trim())) return false;
    if (fault.detail === 'must be unique') return !first;
    return step !== '' || text !== '';
  });
}

/** Return the content that the controls describe, and what is wrong with what was edited in them; with `all`, with anything. */
export function judged(
  fields: Field[],
  schema: Schema,
  raw: Raws,
  base: Json,
  all: boolean,
): { value: Json; faults: Fault[] } {
  const { value, faults: unread } = valueOf(fields, raw, base);
  const seen = new Set(unread.map(({ pointer }) => pointer));
  const invalid = all ? faultsOf(value, schema) : newFaults(value, schema, base);
  return { value, faults: [...unread, ...invalid.filter(({ pointer }) => !seen.has(pointer))] };
}

/** Return what is still wrong after an edit: of each field that was edited, the faults that `now` has; all faults of the others. */
export function remaining(faults: Fault[], before: Raws, after: Raws, now: () => Fault[]): Fault[] {
  const top = ({ pointer }: Fault) => stepsOf(pointer)[0] ?? '';
  const edited = new Set(faults.map(top).filter((name) => !same(own(before, name), own(after, name))));
  if (!edited.size) return faults;
  return [
    ...faults.filter((fault) => !edited.has(top(fault))),
    ...now().filter((fault) => edited.has(top(fault))),
  ];
}

/** Return the dates and times of a form that were typed in part: a browser gives no text for them. */
export function halfTyped(form: HTMLElement): Fault[] {
  return [...form.querySelectorAll('input')]
    .filter((input) => input.validity.badInput)
    .map((input) => ({
      pointer: input.closest<HTMLElement>('[data-field]')?.dataset['field'] ?? '',
      detail: 'is not complete',
    }));
}

/** Focus the first control with a fault, or the fault itself where it is no control's, in the middle of what can be seen. */
export function focusFault(form: HTMLElement): void {
  const first = form.querySelector<HTMLElement>('[aria-invalid=true], [data-fault]');
  if (!first) return;
  for (let closed = outer(first); closed; closed = outer(closed)) closed.open = true;
  first.focus({ preventScroll: true });
  first.scrollIntoView({ block: 'center' });
}

function outer(element: Element): HTMLDetailsElement | null {
  return element.parentElement?.closest('details') ?? null;
}

const LONGEST = 60; // characters that are quoted

/** Return a text in quotes for a message, cut off so that what is said about it stays in view. */
export function quoted(text: string): string {
  const characters = Array.from(text);
  return `“${characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}…` : text}”`;
}
