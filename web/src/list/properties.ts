/** The properties by which a list can be sorted and filtered, with their titles, according to the contract. Knows no markup. */
import type { Control, Field } from '../contract/fields';
import { NUMBER, numberOf, shownNumber } from '../json/number';
import { fields } from './content';
import type { Filter } from './filter';

export interface Property {
  /** The steps of a JSON Pointer without the first slash. */
  path: string;
  title: string;
  control: Control;
  /** Null for what the service sets, all of which are times. */
  field: Field | null;
}

export const TIMES: Property[] = [
  { path: 'created_at', title: 'Created', control: 'line', field: null },
  { path: 'updated_at', title: 'Updated', control: 'line', field: null },
];

/** What else the service sets, by which a table can be sorted. */
const OTHERS: Property[] = [
  { path: 'version', title: 'Version', control: 'number', field: null },
  { path: 'id', title: 'ID', control: 'line', field: null },
  { path: 'deleted_at', title: 'Deleted', control: 'line', field: null },
  { path: 'expires_at', title: 'Kept until', control: 'line', field: null },
];

export const properties: Property[] = [...fields.flatMap((field) => propertiesOf(field, '')), ...TIMES];

/** Return what a path leads to: a property of the contract, or a name in a map. */
export function propertyOf(path: string): Property {
  const known = [...properties, ...OTHERS].find((property) => property.path === path);
  if (known) return known;
  const title = path.split('/').map(unescaped).join(' › ');
  return { path, title, control: 'line', field: null };
}

export function isTime({ field, path }: Property): boolean {
  return field
    ? isDated(field)
    : [...TIMES, ...OTHERS].some((other) => other.path === path && path.endsWith('_at'));
}

const ORDERED: Control[] = ['line', 'text', 'number', 'choice', 'yes-no', 'words', 'choices'];

export function isSortable({ control }: Property): boolean {
  return ORDERED.includes(control);
}

/** Return what a filter on this property can ask for, the most usual first. */
export function operatorsOf(property: Property): Filter['operator'][] {
  if (isTime(property)) return property.field ? ['min', 'max', 'empty'] : ['min', 'max'];
  switch (property.control) {
    case 'number':
      return ['is', 'min', 'max', 'empty'];
    case 'choice':
    case 'yes-no':
      return ['is', 'empty'];
    case 'words':
    case 'choices':
    case 'pairs':
      return ['has', 'empty'];
    case 'line':
    case 'text':
      return ['has', 'is', 'empty'];
    default:
      return ['empty'];
  }
}

/** Return a filter in words, such as `Quantity at least 5`. */
export function spoken({ field, operator, value: stored }: Filter): string {
  const property = propertyOf(field);
  const time = isTime(property);
  const value = property.control === 'number' && NUMBER.test(stored) ? shownNumber(numberOf(stored)) : stored;
  switch (operator) {
    case 'is':
      return `${property.title}: ${property.control === 'yes-no' ? (value === 'true' ? 'Yes' : 'No') : value}`;
    case 'has':
      return property.control === 'line' || property.control === 'text'
        ? `${property.title} contains ${value}`
        : `${property.title}: ${value}`;
    case 'min':
      return `${property.title} ${time ? 'from' : 'at least'} ${value}`;
    case 'max':
      return `${property.title} ${time ? 'until' : 'at most'} ${value}`;
    case 'empty':
      return `${property.title} ${value === 'no' ? 'not empty' : 'empty'}`;
  }
}

function propertiesOf(field: Field, before: string): Property[] {
  const path = before + field.name.replaceAll('~', '~0').replaceAll('/', '~1');
  const title = field.title;
  if (field.control !== 'group') return [{ path, title, control: field.control, field }];
  return field.fields
    .flatMap((inner) => propertiesOf(inner, `${path}/`))
    .map((inner) => ({ ...inner, title: `${title} › ${inner.title}` }));
}

function isDated({ schema: { format } }: Field): boolean {
  return format === 'date' || format === 'date-time';
}

function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
