/** Derives form fields from a schema. Knows no value and no markup. */
import { propertyNames, type Schema, titleOf } from './schema';
import { compare, type Numeric, shownNumber } from '../json/number';
import { own, pointerTo } from '../json/value';

export type Control =
  | 'line' // one line of text, with an input type by its format
  | 'text' // several lines
  | 'number'
  | 'choice' // one of an enum
  | 'yes-no'
  | 'words' // a list of texts
  | 'choices' // a list of an enum's values, each at most once
  | 'pairs' // an object of texts
  | 'group' // an object with properties of its own
  | 'json'; // anything else

export interface Field {
  name: string;
  pointer: string;
  schema: Schema;
  required: boolean;
  title: string;
  help: string;
  control: Control;
  /** Of a group. */
  fields: Field[];
  /** Of a group that is open: a field for the properties that its schema does not name, which are an object too. */
  others: Field | null;
}

const LONG = 200;

/** Return the fields of an object schema, in the schema's order. */
export function fieldsOf(schema: Schema, pointer = ''): Field[] {
  return propertyNames(schema).map((name) =>
    fieldOf(
      name,
      own(schema.properties, name) ?? {},
      pointerTo(pointer, name),
      schema.required?.includes(name) ?? false,
    ),
  );
}

function fieldOf(name: string, schema: Schema, pointer: string, required: boolean): Field {
  const control = controlOf(schema);
  return {
    ...{ name, pointer, schema, required, control },
    title: titleOf(name, schema),
    help: helpOf(schema),
    fields: control === 'group' ? fieldsOf(schema, pointer) : [],
    others: control === 'group' ? othersOf(schema, pointer) : null,
  };
}

function othersOf(schema: Schema, pointer: string): Field | null {
  const { additionalProperties = true } = schema;
  if (additionalProperties === false) return null;
  const open: Schema = { type: 'object', title: 'Custom fields', additionalProperties };
  return fieldOf('', open, pointer, false);
}

function controlOf(schema: Schema): Control {
  const entries = schema.items;
  const others = schema.additionalProperties;
  if (schema.enum && schema.type !== 'array' && schema.type !== 'object') return 'choice';
  switch (schema.type) {
    case 'string':
      return !schema.format && (schema.maxLength ?? Number.POSITIVE_INFINITY) > LONG ? 'text' : 'line';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'yes-no';
    case 'array':
      if (entries?.type !== 'string' || entries.nullable) return 'json';
      return entries.enum ? 'choices' : 'words';
    case 'object':
      if (schema.properties) return 'group';
      return typeof others === 'object' && others.type === 'string' && !others.enum && !others.nullable
        ? 'pairs'
        : 'json';
    default:
      return 'json';
  }
}

/** Return the schema's description, followed by its limits in words. */
function helpOf(schema: Schema): string {
  const { minimum, maximum, maxLength, maxItems, maxProperties, exclusiveMinimum, exclusiveMaximum } = schema;
  const shown = maximum !== undefined && compare(maximum, Number.MAX_SAFE_INTEGER) < 0 ? maximum : undefined;
  const inclusive = !exclusiveMinimum && !exclusiveMaximum;
  const text = (number: Numeric | undefined) => (number === undefined ? '' : shownNumber(number));
  const limits = [
    maxLength !== undefined && !schema.enum && `Up to ${maxLength.toLocaleString('en-GB')} characters.`,
    maxItems !== undefined && `Up to ${maxItems} entries.`,
    maxProperties !== undefined &&
      `Up to ${maxProperties} ${controlOf(schema) === 'pairs' ? 'fields' : 'properties'}.`,
    inclusive && minimum !== undefined && shown !== undefined && `From ${text(minimum)} to ${text(shown)}.`,
    inclusive && minimum !== undefined && shown === undefined && `${text(minimum)} or more.`,
    inclusive && minimum === undefined && shown !== undefined && `At most ${text(shown)}.`,
    !inclusive && minimum !== undefined && `${exclusiveMinimum ? 'More than' : 'At least'} ${text(minimum)}.`,
    !inclusive && shown !== undefined && `${exclusiveMaximum ? 'Less than' : 'At most'} ${text(shown)}.`,
    schema.format === 'date-time' && 'In your local time.',
    controlOf(schema) === 'json' && 'As JSON.',
  ];
  return [schema.description?.trim(), ...limits].filter(Boolean).join(' ');
}
