/** Both versions of an item that was changed at two places, field by field; the user chooses. */
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
  ['mine', 'Yours'],
  ['theirs', 'As it is now'],
];

export function ConflictDialog({ theirs, base, mine, onClose, onChoose }: Props) {
  const now: Json = contentOf(theirs);
  const found = differences(names, base, mine, now);
  const [chosen, setChosen] = useState<Record<string, Side>>(() =>
    Object.fromEntries(found.flatMap(({ name, changed }) => (changed === 'both' ? [] : [[name, changed]]))),
  );
  const open = found.filter(({ name }) => !chosen[name]).length;
  const choose = (event: Event) => {
    event.preventDefault();
    if (!open) onChoose(merged(found, now, (name) => chosen[name]));
  };
  return (
    <Dialog title="This item has changed in the meantime" kind="box wide" onClose={onClose}>
      <form onSubmit={choose}>
        <p>
          Somebody saved version {theirs.version} at <Time at={theirs.updated_at} />, after you had opened it.
          Nothing was overwritten. Choose what to keep of each field.
        </p>
        {found.map(({ name, changed, base: before, ...values }) => {
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
                  <span class="value">{textOf(values[side]) || <em>nothing</em>}</span>
                </label>
              ))}
              {changed === 'both' && <p class="help">Before: {textOf(before) || 'nothing'}</p>}
            </fieldset>
          );
        })}
        {found.length === 0 && <p>Both say the same: there is nothing left to save.</p>}
        <div class="actions">
          <span class="help" role="status">
            {open > 0 && `${open} ${open === 1 ? 'field needs' : 'fields need'} your choice.`}
          </span>
          <button type="button" onClick={onClose}>
            Back to the form
          </button>
          <button type="submit" class="primary" disabled={open > 0}>
            Save what I chose
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const WHO = {
  mine: 'only you changed it',
  theirs: 'only the other side changed it',
  both: 'changed on both sides',
};
