/** Asks what to change in many resources together. Knows not how it is done. */
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Resource } from '../../api/client';
import { textOf } from '../../contract/schema';
import { counted } from '../../contract/service';
import { faults } from '../../contract/validate';
import type { Field } from '../../contract/fields';
import { Dialog } from '../../ui/parts';
import { fields as all } from '../../list/content';
import { editable, type Edit, inUse, isList } from './edits';

export const fields = editable(all);
const SUGGESTED = 50;

interface Props {
  entries: readonly Resource[];
  /** All that are loaded, whose words are suggested. */
  loaded: readonly Resource[];
  onEdit: (edit: Edit) => void;
  onClose: () => void;
}

export function EditDialog({ entries, loaded, onEdit, onClose }: Props) {
  const [field, setField] = useState(fields[0]);
  const [how, setHow] = useState<'add' | 'remove'>('add');
  const [value, setValue] = useState<unknown>(undefined);
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>('[aria-describedby]')?.focus(), []);
  if (!field) return null;
  const list = isList(field.control);
  const wrong = faultOf(field, how, value);
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!wrong) onEdit({ field, how: list ? how : 'set', value });
  };
  const choose = (name: string) => {
    setField(fields.find((one) => one.name === name));
    setValue(undefined);
    setTried(false);
  };
  return (
    <Dialog title={`Edit ${counted(entries.length)}`} kind="box" onClose={onClose}>
      <form ref={form} class="edit" noValidate onSubmit={submit}>
        {fields.length > 1 && (
          <label>
            Field
            <select value={field.name} onChange={(event) => choose(event.currentTarget.value)}>
              {fields.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        )}
        {list && (
          <fieldset>
            <legend>{field.title}</legend>
            {(['add', 'remove'] as const).map((one) => (
              <label key={one}>
                <input type="radio" name="how" checked={how === one} onChange={() => setHow(one)} />
                {one === 'add' ? 'Add' : 'Remove'}
              </label>
            ))}
          </fieldset>
        )}
        <Value
          key={field.name}
          field={field}
          label={list ? `What to ${how}` : field.title}
          value={value}
          suggested={inUse(how === 'add' ? loaded : entries, field).slice(0, SUGGESTED)}
          fault={tried ? wrong : ''}
          onChange={setValue}
        />
        <div class="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary">
            {list ? (how === 'add' ? 'Add to' : 'Remove from') : 'Change'} {counted(entries.length)}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface ValueProps {
  field: Field;
  label: string;
  value: unknown;
  suggested: { value: string; count: number }[];
  fault: string;
  onChange: (value: unknown) => void;
}

function Value({ field, label, value, suggested, fault, onChange }: ValueProps) {
  const [words, message] = [useId(), useId()];
  const invalid = { 'aria-invalid': fault !== '', 'aria-describedby': message };
  const options = choicesOf(field);
  return (
    <label>
      {label}
      {options ? (
        <select
          {...invalid}
          value={String(options.indexOf(value))}
          onChange={(event) => onChange(options[Number(event.currentTarget.value)])}
        >
          <option value="-1">{isList(field.control) ? 'Choose…' : 'Not set'}</option>
          {options.map((one, index) => (
            <option key={index} value={index}>
              {textOf(one)}
            </option>
          ))}
        </select>
      ) : (
        <>
          <input
            {...invalid}
            type="text"
            list={words}
            autocomplete="off"
            onInput={(event) => onChange(event.currentTarget.value.trim())}
          />
          <datalist id={words}>
            {suggested.map((one) => (
              <option key={one.value} value={one.value}>
                {one.count.toLocaleString()}
              </option>
            ))}
          </datalist>
        </>
      )}
      <span id={message} class="faults" role="alert">
        {fault}
      </span>
    </label>
  );
}

/** Return the values that a field allows, or null where any text may be typed. */
function choicesOf({ control, schema }: Field): unknown[] | null {
  if (control === 'words') return null;
  if (control === 'choices') return schema.items?.enum ?? [];
  return control === 'yes-no' ? [true, false] : (schema.enum ?? []).filter((one) => one !== null);
}

/** Return why this cannot be done; the empty text if it can. What is already stored may be removed even if it is not valid. */
function faultOf(field: Field, how: Edit['how'], value: unknown): string {
  if (isList(field.control)) {
    if (value === undefined || value === '') return 'Enter what to add or remove.';
    const [fault] = how === 'add' ? faults(value, field.schema.items ?? {}) : [];
    return fault ? `It ${fault.detail}.` : '';
  }
  return value === undefined && field.required ? `${field.title} is required.` : '';
}
