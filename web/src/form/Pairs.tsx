/** An object of texts as rows of a name and a value. Knows no resource and no API. */
import { useRef } from 'preact/hooks';
import type { Schema } from '../contract/schema';
import type { Fault } from '../contract/validate';
import { Icon } from '../ui/parts';
import type { ControlProps } from './control';
import { ofPair, quoted } from './faulty';
import type { Field } from '../contract/fields';
import { Left, lengthOf, near } from './limits';
import type { Pairs as State } from './raw';

const OF_NAME = /^(must have a name|must be unique|needs a name)/;
const LONGEST_NAME = 255;

export function Pairs({ field, raw, onChange, faults, id }: ControlProps) {
  const { pairs } = raw as State;
  const box = useRef<HTMLDivElement>(null);
  const focus = (at: string) => setTimeout(() => box.current?.querySelector<HTMLElement>(at)?.focus());
  return (
    <div class="pairs" ref={box}>
      {pairs.map((pair, index) => (
        <Pair
          key={index}
          {...{ field, pair, index }}
          id={`${id}-${index}`}
          faults={ofPair(field, pairs, index, faults)}
          onChange={(next) => onChange({ pairs: pairs.map((other, i) => (i === index ? next : other)) })}
          onRemove={() => {
            onChange({ pairs: pairs.filter((_, other) => other !== index) });
            focus(':scope > button');
          }}
        />
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
        Add a field
      </button>
    </div>
  );
}

interface PairProps {
  field: Field;
  pair: [string, string];
  index: number;
  id: string;
  faults: Fault[];
  onChange: (pair: [string, string]) => void;
  onRemove: () => void;
}

function Pair({ field, pair: [name, text], index, id, faults, onChange, onRemove }: PairProps) {
  const others = field.schema.additionalProperties as Schema;
  const { maxLength = LONGEST_NAME } = field.schema['x-property-names'] ?? {};
  const [ofName, ofText] = [true, false].map((which) =>
    faults.filter(({ detail }) => OF_NAME.test(detail) === which),
  );
  const input = (
    what: 'name' | 'value',
    value: string,
    wrong: Fault[] | undefined,
    onInput: (typed: string) => void,
  ) => (
    <input
      type="text"
      aria-label={`${field.title}: ${what} ${index + 1}`}
      aria-invalid={!!wrong?.length}
      aria-describedby={wrong?.length ? `${id}-faults` : undefined}
      dir="auto"
      placeholder={what === 'name' ? 'Name' : 'Value'}
      value={value}
      autocomplete="off"
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
  return (
    <div class="pair">
      {input('name', name, ofName, (typed) => onChange([typed, text]))}
      {input('value', text, ofText, (typed) => onChange([name, typed]))}
      <button
        type="button"
        class="quiet square"
        aria-label={`Remove field ${name || index + 1}`}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
      <span class="limits">
        <Left limit={near(lengthOf(name), maxLength, 'characters of the name')} />
        <Left limit={near(lengthOf(text), others.maxLength, 'characters of the value')} />
      </span>
      {faults.length > 0 && (
        <p class="faults" id={`${id}-faults`}>
          {faults
            .map(({ detail }) => `${name.trim() ? quoted(name.trim()) : 'This field'} ${detail}.`)
            .join(' ')}
        </p>
      )}
    </div>
  );
}
