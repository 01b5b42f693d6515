/** The fields of a schema as controls with labels, help and faults. Knows no item and no API. */
import { useId } from 'preact/hooks';
import type { Fault } from '../contract/validate';
import { Icon } from '../ui/parts';
import type { Field, Raw, Words } from './fields';

interface Props {
  fields: Field[];
  raw: Record<string, Raw>;
  faults: Fault[];
  onChange: (raw: Record<string, Raw>) => void;
}

export function Form({ fields, raw, faults, onChange }: Props) {
  return (
    <>
      {fields.map((field) => (
        <Row
          key={field.pointer}
          field={field}
          raw={raw[field.name] ?? ''}
          faults={faults.filter(
            (fault) => fault.pointer === field.pointer || fault.pointer.startsWith(`${field.pointer}/`),
          )}
          onChange={(value) => onChange({ ...raw, [field.name]: value })}
        />
      ))}
    </>
  );
}

/** The faults that no field shows: those of the whole body or of something the form does not know. */
export function unplaced(fields: Field[], faults: Fault[]): Fault[] {
  const placed = (pointer: string) =>
    fields.some(({ pointer: own }) => pointer === own || pointer.startsWith(`${own}/`));
  return faults.filter((fault) => !placed(fault.pointer));
}

interface RowProps {
  field: Field;
  raw: Raw;
  faults: Fault[];
  onChange: (raw: Raw) => void;
}

function Row({ field, raw, faults, onChange }: RowProps) {
  const id = useId();
  if (field.control === 'group') {
    return (
      <fieldset class="field">
        <legend>{field.title}</legend>
        {field.help && <p class="help">{field.help}</p>}
        <Form fields={field.fields} raw={raw as Record<string, Raw>} faults={faults} onChange={onChange} />
      </fieldset>
    );
  }
  const Control = CONTROLS[field.control];
  const grouped = field.control === 'pairs' || field.control === 'choices';
  const label = (
    <>
      {field.title}
      {field.required && <span class="required"> (required)</span>}
    </>
  );
  const described = [field.help && `${id}-help`, faults.length && `${id}-faults`].filter(Boolean).join(' ');
  const inner = (
    <>
      {field.help && (
        <p class="help" id={`${id}-help`}>
          {field.help}
        </p>
      )}
      <Control
        {...{ field, raw, onChange, id }}
        invalid={faults.length > 0}
        described={described || undefined}
      />
      {faults.length > 0 && (
        <ul class="faults" id={`${id}-faults`}>
          {faults.map((fault) => (
            <li key={fault.pointer + fault.detail}>{sentence(field, raw, fault)}</li>
          ))}
        </ul>
      )}
    </>
  );
  return grouped ? (
    <fieldset class="field" data-field={field.pointer} aria-describedby={described || undefined}>
      <legend>{label}</legend>
      {inner}
    </fieldset>
  ) : (
    <div class="field" data-field={field.pointer}>
      <label for={id}>{label}</label>
      {inner}
    </div>
  );
}

/** `Tags: “desk” must not be there twice.` */
function sentence(field: Field, raw: Raw, fault: Fault): string {
  const step = fault.pointer
    .slice(field.pointer.length + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  const entry =
    field.control === 'words' ? ((raw as Words).entries[Number(step)] ?? (raw as Words).pending) : step;
  return `${field.title}: ${step && `“${entry}” `}${fault.detail}.`;
}

interface ControlProps extends Omit<RowProps, 'faults'> {
  id: string;
  invalid: boolean;
  described: string | undefined;
}

const INPUT_TYPES: Record<string, string> = {
  email: 'email',
  uri: 'url',
  date: 'date',
  'date-time': 'datetime-local',
  password: 'password',
};

function common({ field, id, invalid, described }: ControlProps) {
  return {
    id,
    'aria-invalid': invalid,
    'aria-describedby': described,
    'aria-required': field.required,
    name: field.name,
  };
}

function Line(props: ControlProps) {
  const { field, raw, onChange } = props;
  return (
    <input
      {...common(props)}
      type={(INPUT_TYPES[field.schema.format ?? ''] ?? 'text') as 'text'}
      step={field.schema.format === 'date-time' ? 1 : undefined}
      value={raw as string}
      autocomplete="off"
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Text(props: ControlProps) {
  const mono = props.field.control === 'json' ? 'mono' : '';
  return (
    <textarea
      {...common(props)}
      class={mono}
      rows={4}
      value={props.raw as string}
      onInput={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}

/** Text with a numeric keyboard: an input of type number drops what it cannot read, and what was typed must not be lost. */
function Numeric(props: ControlProps) {
  return (
    <input
      {...common(props)}
      type="text"
      inputMode={props.field.schema.type === 'integer' ? 'numeric' : 'decimal'}
      class="short"
      value={props.raw as string}
      autocomplete="off"
      onInput={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}

function Choice(props: ControlProps) {
  const { field, raw, onChange } = props;
  const yesNo = field.control === 'yes-no';
  const options = yesNo ? ['true', 'false'] : (field.schema.enum ?? []).map(String);
  return (
    <select
      {...common(props)}
      value={raw as string}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      <option value="">{field.required ? 'Choose…' : 'Not set'}</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {yesNo ? (option === 'true' ? 'Yes' : 'No') : option}
        </option>
      ))}
    </select>
  );
}

function Choices({ field, raw, onChange, id }: ControlProps) {
  const { entries } = raw as Words;
  const options = (field.schema.items?.enum ?? []).map(String);
  const toggle = (option: string, on: boolean) =>
    onChange({
      entries: options.filter((other) => (other === option ? on : entries.includes(other))),
      pending: '',
    });
  return (
    <div class="choices">
      {options.map((option) => (
        <label key={option} for={`${id}-${option}`}>
          <input
            type="checkbox"
            id={`${id}-${option}`}
            checked={entries.includes(option)}
            onChange={(event) => toggle(option, event.currentTarget.checked)}
          />
          {option}
        </label>
      ))}
    </div>
  );
}

function WordList(props: ControlProps) {
  const { entries, pending } = props.raw as Words;
  const { onChange, field } = props;
  const take = (text: string) => {
    const parts = text.split(/[,\n]/).map((part) => part.trim());
    const rest = parts.pop() ?? '';
    const added = parts.filter(Boolean);
    const kept = field.schema.uniqueItems ? added.filter((word) => !entries.includes(word)) : added;
    onChange({ entries: [...entries, ...kept], pending: added.length ? rest : text });
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && pending.trim()) {
      event.preventDefault();
      take(`${pending},`);
    } else if (event.key === 'Backspace' && !pending && entries.length) {
      onChange({ entries: entries.slice(0, -1), pending: entries.at(-1) ?? '' });
    }
  };
  return (
    <div class="words">
      {entries.length > 0 && (
        <ul>
          {entries.map((word, index) => (
            <li key={word} class="chip">
              {word}
              <button
                type="button"
                class="quiet square tiny"
                aria-label={`Remove ${word}`}
                onClick={() => onChange({ entries: entries.filter((_, other) => other !== index), pending })}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        {...common(props)}
        type="text"
        value={pending}
        placeholder="Type one, then Enter or a comma"
        autocomplete="off"
        onInput={(event) => take(event.currentTarget.value)}
        onKeyDown={key}
      />
    </div>
  );
}

function Pairs({ field, raw, onChange, invalid, described }: ControlProps) {
  const pairs = raw as [string, string][];
  const set = (index: number, pair: [string, string]) =>
    onChange(pairs.map((other, i) => (i === index ? pair : other)));
  return (
    <div class="pairs">
      {pairs.map(([name, text], index) => (
        <div class="pair" key={index}>
          <input
            type="text"
            aria-label={`${field.title}: name ${index + 1}`}
            aria-invalid={invalid}
            aria-describedby={described}
            placeholder="Name"
            value={name}
            autocomplete="off"
            onInput={(event) => set(index, [event.currentTarget.value, text])}
          />
          <input
            type="text"
            aria-label={`${field.title}: value ${index + 1}`}
            aria-invalid={invalid}
            placeholder="Value"
            value={text}
            autocomplete="off"
            onInput={(event) => set(index, [name, event.currentTarget.value])}
          />
          <button
            type="button"
            class="quiet square"
            aria-label={`Remove pair ${name || index + 1}`}
            onClick={() => onChange(pairs.filter((_, other) => other !== index))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" class="small" onClick={() => onChange([...pairs, ['', '']])}>
        <Icon name="plus" />
        Add a pair
      </button>
    </div>
  );
}

const CONTROLS = {
  line: Line,
  text: Text,
  json: Text,
  number: Numeric,
  choice: Choice,
  'yes-no': Choice,
  choices: Choices,
  words: WordList,
  pairs: Pairs,
};
