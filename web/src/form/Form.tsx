/** The fields of a schema as controls with labels, help and faults. Knows no resource and no API. */
import { useId, useState } from 'preact/hooks';
import type { Fault } from '../contract/validate';
import { isObject, own, stepsOf } from '../json/value';
import { CodeArea, CONTROLS } from './controls';
import type { Field } from '../contract/fields';
import { type Group, isCode, type Raw, type Raws, rawOfField, type Words } from './raw';
import './Form.css';

interface Props {
  fields: Field[];
  raw: Raws;
  faults: Fault[];
  onChange: (raw: Raws) => void;
}

export function Form({ fields, raw, faults, onChange }: Props) {
  return (
    <>
      {fields.map((field) => (
        <Row
          key={field.pointer}
          field={field}
          raw={own(raw, field.name) ?? null}
          faults={faults.filter(({ pointer }) => within(pointer, field))}
          onChange={(value) => onChange({ ...raw, [field.name]: value })}
        />
      ))}
    </>
  );
}

/** Return the faults that no field shows: those of the whole body, or of a property that the form does not know. */
export function unplaced(fields: Field[], faults: Fault[]): Fault[] {
  return faults.filter(({ pointer }) => !fields.some((field) => within(pointer, field)));
}

function within(pointer: string, field: Field): boolean {
  return pointer === field.pointer || pointer.startsWith(`${field.pointer}/`);
}

interface RowProps {
  field: Field;
  raw: Raw;
  faults: Fault[];
  onChange: (raw: Raw) => void;
}

function Row(props: RowProps) {
  const { field, raw } = props;
  const id = useId();
  const described = [field.help && `${id}-help`, props.faults.length && `${id}-faults`]
    .filter(Boolean)
    .join(' ');
  const nullable = field.schema.nullable && field.control !== 'json' && !isCode(raw);
  const label = (
    <>
      {field.title}
      {field.required && <span class="required"> (required)</span>}
    </>
  );
  const labelled = isCode(raw) || !['pairs', 'choices', 'group'].includes(field.control);
  const inner = (
    <>
      {field.help && (
        <p class="help" id={`${id}-help`}>
          {field.help}
        </p>
      )}
      {raw !== null && <Value {...props} id={id} described={described || undefined} />}
      {nullable && <Null {...props} id={raw === null && labelled ? id : undefined} />}
      <Faults {...props} id={`${id}-faults`} />
    </>
  );
  return labelled ? (
    <div class="field" data-field={field.pointer}>
      <label for={id}>{label}</label>
      {inner}
    </div>
  ) : (
    <fieldset class="field" data-field={field.pointer} aria-describedby={described || undefined}>
      <legend>{label}</legend>
      {inner}
    </fieldset>
  );
}

/** The control for the field's state: JSON text where the value does not fit the field's own. */
function Value({
  field,
  raw,
  faults,
  onChange,
  id,
  described,
}: RowProps & { id: string; described: string | undefined }) {
  if (field.control === 'group' && !isCode(raw)) {
    return <Members field={field} raw={raw as Group} faults={faults} onChange={onChange} />;
  }
  const Control = isCode(raw) || field.control === 'group' ? CodeArea : CONTROLS[field.control];
  return <Control {...{ field, raw, onChange, id, described }} invalid={faults.length > 0} />;
}

/** null is a value, other than none: a checkbox sets it. */
function Null({ field, raw, onChange, id }: RowProps & { id: string | undefined }) {
  return (
    <label class="check null mono">
      <input
        type="checkbox"
        id={id}
        checked={raw === null}
        aria-label={`${field.title}: null`}
        onChange={(event) => onChange(event.currentTarget.checked ? null : rawOfField(field))}
      />
      null
    </label>
  );
}

/** The fields of an object, and below them what else it has. */
function Members({ field, raw, faults, onChange }: Omit<RowProps, 'raw'> & { raw: Group }) {
  const { members, others } = raw;
  const [filled] = useState(
    () => JSON.stringify(others) !== JSON.stringify(field.others && rawOfField(field.others)),
  );
  const elsewhere = unplaced(field.fields, faults);
  return (
    <div class="members">
      <Form
        fields={field.fields}
        raw={members}
        faults={faults}
        onChange={(next) => onChange({ ...raw, members: next })}
      />
      {field.others && others !== undefined && (
        <details class="others" open={filled || elsewhere.length > 0}>
          <summary>{field.others.title}</summary>
          <Row
            field={field.others}
            raw={others}
            faults={elsewhere}
            onChange={(next) => onChange({ ...raw, others: next })}
          />
        </details>
      )}
    </div>
  );
}

/** The faults of a field; those within a group are shown at its fields. */
function Faults({ field, raw, faults, id }: RowProps & { id: string }) {
  const group = field.control === 'group' && raw !== null && !isCode(raw);
  const shown = group ? (field.others ? [] : unplaced(field.fields, faults)) : faults;
  if (!shown.length) return null;
  return (
    <ul class="faults" id={id}>
      {shown.map((fault) => (
        <li key={fault.pointer + fault.detail}>{sentence(field, raw, fault)}</li>
      ))}
    </ul>
  );
}

/** `Quantity must be an integer.`, `“desk” must be unique.` */
function sentence(field: Field, raw: Raw, fault: Fault): string {
  const steps = stepsOf(fault.pointer.slice(field.pointer.length));
  const words = isObject(raw) && Object.hasOwn(raw, 'entries') ? (raw as Words) : null;
  const entry = words ? (words.entries[Number(steps[0])] ?? words.pending) : steps.join(' › ');
  return `${steps.length ? `“${entry}”` : field.title} ${fault.detail}.`;
}
