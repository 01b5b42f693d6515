/** What a user may keep of a difference between two versions. Knows no markup. */
import type { Schema } from '../contract/schema';
import { faults } from '../contract/validate';
import { type Json, same } from '../json/value';
import { type Choice, type Difference, merged } from './merge';

export interface Option {
  choice: Choice;
  label: string;
  value: unknown;
  /** Why the API would refuse it; empty if it would not. */
  fault: string;
}

/** Return one side's value, the other's and, of a list, the changes of both, unless that is one of the two. */
export function optionsOf(change: Difference, theirs: Json, schema: Schema): Option[] {
  const { mine, joined } = change;
  const sides: Option[] = [
    { choice: 'mine', label: 'Your value', value: mine, fault: '' },
    { choice: 'theirs', label: 'Current value', value: change.theirs, fault: '' },
  ];
  if (!joined || same(joined.value, mine) || same(joined.value, change.theirs)) return sides;
  const fault = faultOf(change, theirs, schema);
  return [...sides, { choice: 'joined', label: 'Both changes', value: joined.value, fault }];
}

/** Return what is wrong with the changes of both together, such as too many entries, and not with the current value alone. */
function faultOf(change: Difference, theirs: Json, schema: Schema): string {
  const inside = (content: Json) =>
    faults(content, schema)
      .filter(({ pointer }) => `${pointer}/`.startsWith(`${change.pointer}/`))
      .map(({ detail }) => detail);
  const before = inside(theirs);
  const wrong = inside(merged([change], theirs, () => 'joined')).find((detail) => !before.includes(detail));
  return wrong ? `Not possible: it ${wrong}.` : '';
}
