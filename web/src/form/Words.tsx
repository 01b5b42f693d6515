/** A list of texts: an entry is added by Enter, a comma, or pasting several lines. Knows no resource and no API. */
import { useRef } from 'preact/hooks';
import type { Fault } from '../contract/validate';
import { Icon } from '../ui/parts';
import { common, type ControlProps } from './control';
import { quoted, stepsInside } from './faulty';
import type { Words } from './raw';

export function WordList(props: ControlProps) {
  const { field, onChange, faults, id } = props;
  const { entries, pending } = props.raw as Words;
  const input = useRef<HTMLInputElement>(null);
  const take = (parts: string[], rest: string) => {
    const added = parts.map((part) => part.trim()).filter(Boolean);
    const kept = field.schema.uniqueItems
      ? added.filter((word, index) => !entries.includes(word) && added.indexOf(word) === index)
      : added;
    onChange({ entries: [...entries, ...kept], pending: rest });
  };
  const accept = (text: string) => {
    const parts = text.split(',');
    const rest = parts.pop() ?? '';
    take(parts, parts.length ? rest.trimStart() : rest);
  };
  const key = (event: KeyboardEvent) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return; // Enter completes a word of the input method
    if (event.key === 'Enter' && pending.trim()) {
      event.preventDefault();
      take([pending], '');
    } else if (event.key === 'Backspace' && !pending && entries.length) {
      event.preventDefault(); // or it would remove the last character of the entry too
      onChange({ entries: entries.slice(0, -1), pending: entries.at(-1) ?? '' });
    }
  };
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData('text') ?? '';
    if (!/[\r\n\t]/.test(text)) return;
    event.preventDefault(); // an input would join the lines
    take(`${pending}${text}`.split(/[\r\n\t,]+/), '');
  };
  return (
    <div class="words">
      {entries.length > 0 && (
        <ul>
          {entries.map((word, index) => (
            <Entry
              key={`${index} ${word}`}
              {...{ word, id: `${id}-${index}` }}
              faults={faults.filter((fault) => stepsInside(field, fault)[0] === String(index))}
              onRemove={() => {
                onChange({ entries: entries.filter((_, other) => other !== index), pending });
                input.current?.focus();
              }}
            />
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
        onPaste={paste}
      />
    </div>
  );
}

interface EntryProps {
  word: string;
  id: string;
  faults: Fault[];
  onRemove: () => void;
}

function Entry({ word, id, faults, onRemove }: EntryProps) {
  const wrong = faults.length > 0;
  return (
    <li class={wrong ? 'wrong' : undefined}>
      <span class="chip">
        <bdi>{word}</bdi>
        <button
          type="button"
          class="quiet square tiny"
          aria-label={`Remove ${word}`}
          aria-describedby={wrong ? id : undefined}
          data-fault={wrong || undefined}
          onClick={onRemove}
        >
          <Icon name="close" />
        </button>
      </span>
      {wrong && (
        <span class="faults" id={id}>
          {faults.map(({ detail }) => `${quoted(word)} ${detail}.`).join(' ')}
        </span>
      )}
    </li>
  );
}
