/** One control for each kind of field. Its state is the text exactly as typed. Knows no resource and no API. */
import { textOf } from '../contract/schema';
import { own, parse, write } from '../json/value';
import { common, type ControlProps } from './control';
import { stepsInside } from './faulty';
import { Pairs } from './Pairs';
import type { Code, Words } from './raw';
import { WordList } from './Words';

const INPUT_TYPES: Record<string, string> = {
  email: 'email',
  uri: 'url',
  date: 'date',
  'date-time': 'datetime-local',
  password: 'password',
};

function Line(props: ControlProps) {
  const { field, raw, onChange } = props;
  if ((raw as string).includes('\n')) return <Text {...props} />; // an input would drop the line breaks
  return (
    <input
      {...common(props)}
      type={(own(INPUT_TYPES, field.schema.format ?? '') ?? 'text') as 'text'}
      step={field.schema.format === 'date-time' ? stepOf(raw as string) : undefined}
      value={raw as string}
      autocomplete="off"
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** Seconds, or milliseconds where the time has some. */
function stepOf(time: string): number {
  return time.includes('.') ? 0.001 : 1;
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

function Choices({ field, raw, onChange, id, faults, described }: ControlProps) {
  const { entries } = raw as Words;
  const options = [...new Set([...(field.schema.items?.enum ?? []).map(String), ...entries])];
  const wrong = faults.map((fault) => entries[Number(stepsInside(field, fault)[0])] ?? options[0]);
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
            aria-invalid={wrong.includes(option)}
            aria-describedby={wrong.includes(option) ? described : undefined}
            checked={entries.includes(option)}
            onChange={(event) => toggle(option, event.currentTarget.checked)}
          />
          {labelOf(option)}
        </label>
      ))}
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
