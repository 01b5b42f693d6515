/** Asks which property shall be filtered, and by what. Knows no entry. */
import { useId, useState } from 'preact/hooks';
import { distinctText } from '../contract/schema';
import { readNumber } from '../form/typed';
import { write } from '../json/value';
import { isTime, operatorsOf, type Property, properties } from '../list/properties';
import type { Filter } from '../list/view';

interface Props {
  onAdd: (filter: Filter) => void;
  /** Return values that entries have. */
  suggest: (path: string) => string[];
}

const offered = properties.filter((property) => operatorsOf(property).length > 0);

export default function FilterForm({ onAdd, suggest }: Props) {
  const id = useId();
  const [path, setPath] = useState(offered[0]?.path ?? '');
  const property = offered.find((other) => other.path === path) ?? offered[0];
  const [asked, setAsked] = useState<Filter['operator'] | 'present' | null>(null);
  const [value, setValue] = useState('');
  const [fault, setFault] = useState('');
  if (!property) return null;
  const operators = operatorsOf(property);
  const operator = asked ?? operators[0] ?? 'empty';
  const choose = (next: string) => {
    setPath(next);
    setAsked(null);
    setValue('');
    setFault('');
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (operator === 'empty' || operator === 'present') {
      onAdd({ field: property.path, operator: 'empty', value: operator === 'empty' ? '' : 'no' });
      return;
    }
    const read = readValue(property, value);
    if ('fault' in read) setFault(read.fault);
    else onAdd({ field: property.path, operator, value: read.value });
  };
  return (
    <form onSubmit={submit} noValidate>
      <label for={`${id}-property`}>Field</label>
      <select
        id={`${id}-property`}
        value={property.path}
        autofocus
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {offered.map((other) => (
          <option key={other.path} value={other.path}>
            {other.title}
          </option>
        ))}
      </select>
      <label for={`${id}-operator`}>Condition</label>
      <select
        id={`${id}-operator`}
        value={operator}
        onChange={(event) => setAsked(event.currentTarget.value as Filter['operator'] | 'present')}
      >
        {operators.map((other) => (
          <option key={other} value={other}>
            {nameOfOperator(other, property)}
          </option>
        ))}
        {operators.includes('empty') && <option value="present">is not empty</option>}
      </select>
      {operator !== 'empty' && operator !== 'present' && (
        <>
          <label for={`${id}-value`}>Value</label>
          <Value
            id={`${id}-value`}
            property={property}
            value={value}
            faulty={fault !== ''}
            suggested={suggest(property.path)}
            onChange={(next) => {
              setValue(next);
              setFault('');
            }}
          />
          <p id={`${id}-value-fault`} class="faults" role="alert">
            {fault && `The value ${fault}.`}
          </p>
        </>
      )}
      <button type="submit" class="small">
        Add filter
      </button>
    </form>
  );
}

interface ValueProps {
  id: string;
  property: Property;
  value: string;
  faulty: boolean;
  suggested: string[];
  onChange: (value: string) => void;
}

function Value({ id, property, value, faulty, suggested, onChange }: ValueProps) {
  const choices = choicesOf(property);
  if (choices) {
    return (
      <select
        id={id}
        value={value}
        aria-invalid={faulty}
        aria-describedby={`${id}-fault`}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        <option value="">Choose a value</option>
        {choices.map((choice) => (
          <option key={storedText(choice)} value={storedText(choice)}>
            {distinctText(
              choice,
              choices.filter((other) => other !== choice),
            )}
          </option>
        ))}
      </select>
    );
  }
  return (
    <>
      <input
        id={id}
        type={isTime(property) ? 'date' : 'text'}
        list={`${id}-list`}
        inputMode={property.control === 'number' ? 'decimal' : undefined}
        value={value}
        aria-invalid={faulty}
        aria-describedby={`${id}-fault`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <datalist id={`${id}-list`}>
        {suggested.map((text) => (
          <option key={text} value={text} />
        ))}
      </datalist>
    </>
  );
}

function choicesOf({ field, control }: Property): unknown[] | undefined {
  if (control === 'yes-no') return [true, false];
  return field?.schema.enum ?? field?.schema.items?.enum;
}

/** Return a value as filters store it: a text as it is, anything else as JSON. */
function storedText(value: unknown): string {
  return typeof value === 'string' ? value : write(value);
}

function readValue({ control }: Property, typed: string): { value: string } | { fault: string } {
  const text = typed.trim();
  if (!text) return { fault: 'is required' };
  if (control !== 'number') return { value: text };
  const read = readNumber(text, false);
  return 'fault' in read ? read : { value: String(read.number) };
}

function nameOfOperator(operator: Filter['operator'], property: Property): string {
  const time = isTime(property);
  const text = property.control === 'line' || property.control === 'text';
  switch (operator) {
    case 'is':
      return 'is';
    case 'has':
      return text ? 'contains' : 'has';
    case 'min':
      return time ? 'from' : 'at least';
    case 'max':
      return time ? 'until' : 'at most';
    case 'empty':
      return 'is empty';
  }
}
