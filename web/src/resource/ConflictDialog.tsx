/** Both versions of a resource that was changed in two places, field by field; the user chooses. Knows no API. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { distinctText } from '../contract/schema';
import { service } from '../contract/service';
import { type Json, same } from '../json/value';
import { Dialog, Time } from '../ui/parts';
import { contentOf, placeOf, schema } from '../list/content';
import { marked } from './join';
import { type Choice, type Difference, differences, merged, obvious } from './merge';
import { type Option, optionsOf } from './options';
import './ConflictDialog.css';

interface Props {
  theirs: Resource;
  base: Json;
  mine: Json;
  onClose: () => void;
  onChoose: (content: Json) => void;
}

export default function ConflictDialog({ theirs, base, mine, onClose, onChoose }: Props) {
  const now = contentOf(theirs);
  const changes = differences(base, mine, now).map((change) => ({
    change,
    options: optionsOf(change, now, schema),
  }));
  const [chosen, setChosen] = useState<Record<string, Choice>>(() =>
    Object.fromEntries(
      changes.flatMap(({ change, options }) => {
        const choice = obvious(change);
        const possible = options.some((option) => option.choice === choice && !option.fault);
        return choice && possible ? [[change.pointer, choice]] : [];
      }),
    ),
  );
  const open = changes.filter(({ change }) => !chosen[change.pointer]).length;
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    form.current?.querySelector<HTMLElement>('.open input, .primary')?.focus();
  }, []);
  const choose = (event: Event) => {
    event.preventDefault();
    const all = changes.map(({ change }) => change);
    if (!open) onChoose(merged(all, now, (pointer) => chosen[pointer]));
  };
  return (
    <Dialog
      title={`This ${service.singular} has changed since you opened it`}
      kind="box wide"
      onClose={onClose}
    >
      <form ref={form} class="conflict" onSubmit={choose}>
        <p>
          Version {theirs.version} was saved on <Time at={theirs.updated_at} />, after you opened it. Nothing
          was overwritten. Choose which value to keep for each field.
        </p>
        {changes.map(({ change, options }) => (
          <Versions
            key={change.pointer}
            change={change}
            options={options}
            chosen={chosen[change.pointer]}
            onChoose={(choice) => setChosen({ ...chosen, [change.pointer]: choice })}
          />
        ))}
        {changes.length === 0 && <p>Both versions are the same: there is nothing to save.</p>}
        <div class="actions">
          <span class="help" role="status">
            {open > 0 && `${open} ${open === 1 ? 'field needs' : 'fields need'} your choice.`}
          </span>
          <button type="button" onClick={onClose}>
            Back to the form
          </button>
          <button type="submit" class="primary" disabled={open > 0}>
            Save these values
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface VersionsProps {
  change: Difference;
  options: Option[];
  chosen: Choice | undefined;
  onChoose: (choice: Choice) => void;
}

/** The values of one field, one of which is kept. */
function Versions({ change, options, chosen, onChoose }: VersionsProps) {
  const { pointer, changed, base } = change;
  return (
    <fieldset class={chosen ? 'versions' : 'versions open'}>
      <legend>
        {placeOf(pointer)}
        <span class="help">{WHO[changed]}</span>
      </legend>
      {options.map(({ choice, label, value, fault }) => (
        <label key={choice} class={chosen === choice ? `version chosen ${choice}` : `version ${choice}`}>
          <span>
            <input
              type="radio"
              name={pointer}
              checked={chosen === choice}
              disabled={fault !== ''}
              onChange={() => onChoose(choice)}
            />
            {label}
          </span>
          <span class="value">{shown(change, value)}</span>
          {fault && <span class="faults">{fault}</span>}
        </label>
      ))}
      {changed === 'both' && <p class="help before">Before: {shown(change, base)}</p>}
    </fieldset>
  );
}

const WHO = {
  mine: 'changed only by you',
  theirs: 'changed only elsewhere',
  both: 'changed by you and elsewhere',
};

function shown({ base, mine, theirs, joined }: Difference, value: unknown) {
  if (value === undefined) return <em>not set</em>;
  if (value === null) return <em>null</em>;
  if (value === '') return <em>empty text</em>;
  if (Array.isArray(value)) return <Entries base={Array.isArray(base) ? base : []} entries={value} />;
  const all = joined ? [base, mine, theirs, joined.value] : [base, mine, theirs];
  return distinctText(
    value,
    all.filter((other) => !same(other, value)),
  );
}

const MARKS = { kept: '', added: '+', removed: '−' };

/** A list with what was added to it and removed from it. */
function Entries({ base, entries }: { base: unknown[]; entries: unknown[] }) {
  const all = marked(base, entries);
  if (!all.length) return <em>empty list</em>;
  return (
    <span class="marked">
      {all.map(({ entry, mark }, index) => {
        const Element = ELEMENTS[mark];
        return (
          <Element key={index} class="chip">
            {MARKS[mark]}
            <bdi>{distinctText(entry)}</bdi>
          </Element>
        );
      })}
    </span>
  );
}

const ELEMENTS = { kept: 'span', added: 'ins', removed: 'del' } as const;
