/** Both versions of an item that was changed in two places, field by field; the user chooses. */
import { useState } from 'preact/hooks';
import type { Item } from '../api/client';
import { type Json, textOf } from '../contract/schema';
import { Dialog, Time } from '../ui/parts';
import { contentOf, fields, names } from './content';
import { differences, merged, type Side } from './merge';
import './ConflictDialog.css';

interface Props {
  theirs: Item;
  base: Json;
  mine: Json;
  onClose: () => void;
  onChoose: (content: Json) => void;
}

const SIDES: [Side, string][] = [
  ['mine', 'Your value'],
  ['theirs', 'Current value'],
];

export function ConflictDialog({ theirs, base, mine, onClose, onChoose }: Props) {
  const now: Json = contentOf(theirs);
  const changes = differences(names, base, mine, now);
  const [chosen, setChosen] = useState<Record<string, Side>>(() =>
    Object.fromEntries(changes.flatMap(({ name, changed }) => (changed === 'both' ? [] : [[name, changed]]))),
  );
  const open = changes.filter(({ name }) => !chosen[name]).length;
  const choose = (event: Event) => {
    event.preventDefault();
    if (!open) onChoose(merged(changes, now, (name) => chosen[name]));
  };
  return (
    <Dialog title="This item has changed since you opened it" kind="box wide" onClose={onClose}>
      <form onSubmit={choose}>
        <p>
          Version {theirs.version} was saved on <Time at={theirs.updated_at} />, after you opened the item.
          Nothing was overwritten. Choose which value to keep for each field.
        </p>
        {changes.map(({ name, changed, base: before, ...values }) => {
          const title = fields.find((field) => field.name === name)?.title ?? name;
          return (
            <fieldset key={name} class="versions">
              <legend>
                {title}
                <span class="help">{WHO[changed]}</span>
              </legend>
              {SIDES.map(([side, label]) => (
                <label key={side} class={chosen[name] === side ? 'version chosen' : 'version'}>
                  <span>
                    <input
                      type="radio"
                      name={name}
                      checked={chosen[name] === side}
                      onChange={() => setChosen({ ...chosen, [name]: side })}
                    />
                    {label}
                  </span>
                  <span class="value">{textOf(values[side]) || <em>empty</em>}</span>
                </label>
              ))}
              {changed === 'both' && <p class="help">Before: {textOf(before) || 'empty'}</p>}
            </fieldset>
          );
        })}
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

const WHO = {
  mine: 'changed only by you',
  theirs: 'changed only elsewhere',
  both: 'changed by you and elsewhere',
};
