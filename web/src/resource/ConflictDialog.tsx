/** Both versions of a resource that was changed in two places, field by field; the user chooses. */
import { useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { distinctText } from '../contract/schema';
import { service } from '../contract/service';
import { type Json, same } from '../json/value';
import { Dialog, Time } from '../ui/parts';
import { contentOf, placeOf } from './content';
import { type Difference, differences, merged, type Side } from './merge';
import './ConflictDialog.css';

interface Props {
  theirs: Resource;
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
  const now = contentOf(theirs);
  const changes = differences(base, mine, now);
  const [chosen, setChosen] = useState<Record<string, Side>>(() =>
    Object.fromEntries(
      changes.flatMap(({ pointer, changed }) => (changed === 'both' ? [] : [[pointer, changed]])),
    ),
  );
  const open = changes.filter(({ pointer }) => !chosen[pointer]).length;
  const choose = (event: Event) => {
    event.preventDefault();
    if (!open) onChoose(merged(changes, now, (pointer) => chosen[pointer]));
  };
  return (
    <Dialog
      title={`This ${service.singular} has changed since you opened it`}
      kind="box wide"
      onClose={onClose}
    >
      <form onSubmit={choose}>
        <p>
          Version {theirs.version} was saved on <Time at={theirs.updated_at} />, after you opened it. Nothing
          was overwritten. Choose which value to keep for each field.
        </p>
        {changes.map((change) => {
          const { pointer, changed } = change;
          const side = chosen[pointer];
          return (
            <fieldset key={pointer} class="versions">
              <legend>
                {placeOf(pointer)}
                <span class="help">{WHO[changed]}</span>
              </legend>
              {SIDES.map(([which, label]) => (
                <label key={which} class={side === which ? 'version chosen' : 'version'}>
                  <span>
                    <input
                      type="radio"
                      name={pointer}
                      checked={side === which}
                      onChange={() => setChosen({ ...chosen, [pointer]: which })}
                    />
                    {label}
                  </span>
                  <span class="value">{shown(change, which)}</span>
                </label>
              ))}
              {changed === 'both' && <p class="help before">Before: {shown(change, 'base')}</p>}
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

function shown(change: Difference, which: Side | 'base') {
  const value = change[which];
  if (value === undefined) return <em>not set</em>;
  if (value === null) return <em>null</em>;
  if (value === '') return <em>empty text</em>;
  return distinctText(
    value,
    [change.base, change.mine, change.theirs].filter((other) => !same(other, value)),
  );
}
