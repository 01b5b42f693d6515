/** One control for each kind of field. Its state is the text exactly as typed. Knows no resource and no API. */
import { useRef } from 'preact/hooks';
import { textOf } from '../contract/schema';
import { own, parse, write } from '../json/value';
import { Icon } from '../ui/parts';
import type { Field } from '../contract/fields';
import type { Code, Pairs, Raw, Words } from './raw';

export interface ControlProps {
  field: Field;
  raw: Raw;
  onChange: (raw: Raw) => void;
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
    dir: 'auto' as const,
  };
}

function Line(props: ControlProps) {
  const { field, raw, onChange } = props;
  if ((raw as string).includes('\n')) return <Text {...props} />; // an input would drop the line breaks
  return (
    <input
      {...common(props)}
      type={(own(INPUT_TYPES, field.schema.format ?? '') ?? 'text') as 'text'}
      step={field.schema.format === 'date-time' ? 1 : undefined}
      value={raw as string}
      autocomplete="off"
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Text(props: ControlProps) {
  return (
    <textarea
      {...common(props)}
      rows={props.field.schema.maxLength ? 4 : 2} // without a limit it may well be short
      value={props.raw as string}
      onInput={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}

export function CodeArea(props: ControlProps) {
  const { code } = props.raw as Code;
  return (
    <textarea
      {...common(props)}
      class="mono"
      rows={Math.min(12, Math.max(3, code.split('\n').length))}
      spellcheck={false}
      value={code}
      onInput={(event) => props.onChange({ code: event.currentTarget.value })}
    />
  );
}

/** A text input with a numeric keyboard: an input of type number discards text that it cannot parse. */
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

/** One of the values of an enum; a stored value that is no longer among them is offered too. */
function Choice(props: ControlProps) {
  const { field, onChange } = props;
  const raw = props.raw as string;
  const values = field.control === 'yes-no' ? [true, false] : (field.schema.enum ?? []);
  const options = values.filter((value) => value !== null).map((value) => write(value));
  const strange = raw && !options.includes(raw) ? [raw] : [];
  const all = [...values, ...strange.map(parse)].map(labelOf);
  const label = (option: string) => {
    const text = labelOf(parse(option));
    return all.filter((other) => other === text).length > 1 ? option : text; // such as 1 and "1"
  };
  return (
    <select {...common(props)} value={raw} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">{field.required ? 'Choose…' : 'Not set'}</option>
      {[...options, ...strange].map((option) => (
        <option key={option} value={option}>
          {label(option) + (strange.includes(option) ? ' (no longer allowed)' : '')}
        </option>
      ))}
    </select>
  );
}

function labelOf(value: unknown): string {
  return value === '' ? 'Empty text' : textOf(value);
}

function Choices({ field, raw, onChange, id }: ControlProps) {
  const { entries } = raw as Words;
  const options = [...new Set([...(field.schema.items?.enum ?? []).map(String), ...entries])];
  const toggle = (option: string, on: boolean) =>
    onChange({
      entries: on ? [...entries, option] : entries.filter((other) => other !== option),
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
          {labelOf(option)}
        </label>
      ))}
    </div>
  );
}

function WordList(props: ControlProps) {
  const { entries, pending } = props.raw as Words;
  const { onChange, field } = props;
  const input = useRef<HTMLInputElement>(null);
  const accept = (text: string) => {
    const parts = text.split(/[,\n]/).map((part) => part.trim());
    const rest = parts.pop() ?? '';
    const added = parts.filter(Boolean);
    const kept = field.schema.uniqueItems ? added.filter((word) => !entries.includes(word)) : added;
    onChange({ entries: [...entries, ...kept], pending: added.length ? rest : text });
  };
  const key = (event: KeyboardEvent) => {
    if (event.isComposing) return; // Enter completes a word of the input method
    if (event.key === 'Enter' && pending.trim()) {
      event.preventDefault();
      accept(`${pending},`);
    } else if (event.key === 'Backspace' && !pending && entries.length) {
      onChange({ entries: entries.slice(0, -1), pending: entries.at(-1) ?? '' });
    }
  };
  return (
    <div class="words">
      {entries.length > 0 && (
        <ul>
          {entries.map((word, index) => (
            <li key={`${index} ${word}`} class="chip">
              <bdi>{word}</bdi>
              <button
                type="button"
                class="quiet square tiny"
                aria-label={`Remove ${word}`}
                onClick={() => {
                  onChange({ entries: entries.filter((_, other) => other !== index), pending });
                  input.current?.focus();
                }}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        {...common(props)}
        ref={input}
        type="text"
        value={pending}
        placeholder="Type a value, then press Enter or comma"
        autocomplete="off"
        onInput={(event) => accept(event.currentTarget.value)}
        onKeyDown={key}
      />
    </div>
  );
}

function Pairs({ field, raw, onChange, invalid, described }: ControlProps) {
  const { pairs } = raw as Pairs;
  const box = useRef<HTMLDivElement>(null);
  const focus = (at: string) => setTimeout(() => box.current?.querySelector<HTMLElement>(at)?.focus());
  const set = (index: number, pair: [string, string]) =>
    onChange({ pairs: pairs.map((other, i) => (i === index ? pair : other)) });
  return (
    <div class="pairs" ref={box}>
      {pairs.map(([name, text], index) => (
        <div class="pair" key={index}>
          <input
            type="text"
            aria-label={`${field.title}: name ${index + 1}`}
            aria-invalid={invalid}
            aria-describedby={described}
            dir="auto"
            placeholder="Name"
            value={name}
            autocomplete="off"
            onInput={(event) => set(index, [event.currentTarget.value, text])}
          />
          <input
            type="text"
            aria-label={`${field.title}: value ${index + 1}`}
            aria-invalid={invalid}
            dir="auto"
            placeholder="Value"
            value={text}
            autocomplete="off"
            onInput={(event) => set(index, [name, event.currentTarget.value])}
          />
          <button
            type="button"
            class="quiet square"
            aria-label={`Remove pair ${name || index + 1}`}
            onClick={() => {
              onChange({ pairs: pairs.filter((_, other) => other !== index) });
              focus(':scope > button');
            }}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button
        type="button"
        class="small"
        onClick={() => {
          onChange({ pairs: [...pairs, ['', '']] });
          focus('.pair:last-of-type input');
        }}
      >
        <Icon name="plus" />
        Add a pair
      </button>
    </div>
  );
}

/** The control of each kind; a group is a form within the form. */
export const CONTROLS = {
  line: Line,
  text: Text,
  json: CodeArea,
  number: Numeric,
  choice: Choice,
  'yes-no': Choice,
  choices: Choices,
  words: WordList,
  pairs: Pairs,
};
