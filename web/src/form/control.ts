/** What every control takes, and the attributes of those that are one element. */
import type { Fault } from '../contract/validate';
import type { Field } from '../contract/fields';
import type { Raw } from './raw';

export interface ControlProps {
  field: Field;
  raw: Raw;
  onChange: (raw: Raw) => void;
  id: string;
  /** The faults of the field and of what is inside it. */
  faults: Fault[];
  /** Whether some of them are not those of an entry, which shows its own. */
  invalid: boolean;
  described: string | undefined;
}

export function common({ field, id, invalid, described }: ControlProps) {
  return {
    id,
    'aria-invalid': invalid,
    'aria-describedby': described,
    'aria-required': field.required,
    name: field.name,
    dir: 'auto' as const,
  };
}
