/** The fields of a schema as controls with labels, help and faults. Knows no resource and no API. */
import { useId, useState } from 'preact/hooks';
import type { Fault } from '../contract/validate';
import { isObject, own } from '../json/value';
import { CodeArea, CONTROLS } from './controls';
import { ofPair, quoted, stepsInside, unplaced, within } from './faulty';
import type { Field } from '../contract/fields';
import { Left, limitsOf } from './limits';
import { type Group, isCode, type Pairs, type Raw, type Raws, rawOfField, type Words } from './raw';
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

interface RowProps {
  field: Field;
  raw: Raw;
  faults: Fault[];
  onChange: (raw: Raw) => void;
}

function Row(props: RowProps) {
  const { field, raw } = props;
  const id = useId();
  const shown = shownHere(props);
  const group = field.control === 'group' && !isCode(raw);
  const described = [field.help && `${id}-help`, shown.length && `${id}-faults`].filter(Boolean).join(' ');
  const nullable = field.schema.nullable && field.control !== 'json' && !isCode(raw);
  const labelled = isCode(raw) || !['pairs', 'choices', 'group'].includes(field.control);
  const title = (
    <>
      {field.title}
      {field.required && <span class="required"> (required)</span>}
    </>
  );
  const help = field.help && (
    <p class="help" id={`${id}-help`}>
      {field.help}
    </p>
  );
  const inner = (
    <>
      {group && help}
      {raw !== null && <Value {...props} {...{ id, shown }} described={described || undefined} />}
      {nullable && <Null {...props} {...{ shown }} id={raw === null && labelled ? id : undefined} />}
      <Faults {...props} shown={shown} id={`${id}-faults`} />
      {!group && (
        <div class="foot">
          {help}
          {limitsOf(field, raw).map((limit) => (
            <Left key={limit.of} limit={limit} />
          ))}
        </div>
      )}
    </>
  );
  const attributes = {
    class: ['field', group && 'group', props.faults.length && 'wrong'].filter(Boolean).join(' '),
    'data-field': field.pointer,
  };
  return labelled ? (
    <div {...attributes}>
      <label for={id}>{title}</label>
      {inner}
    </div>
  ) : (
    <fieldset {...attributes} aria-describedby={described || undefined}>
      <legend>{title}</legend>
      {inner}
    </fieldset>
  );
}

interface PartProps extends RowProps {
  /** The faults that the row itself shows. */
  shown: Fault[];
}

/** The control for the field's state: JSON text where the value does not fit the field's own. */
function Value(props: PartProps & { id: string; described: string | undefined }) {
  const { field, raw, faults, shown, onChange, id, described } = props;
  if (field.control === 'group' && !isCode(raw)) {
    return <Members field={field} raw={raw as Group} faults={faults} onChange={onChange} />;
  }
  const Control = isCode(raw) || field.control === 'group' ? CodeArea : CONTROLS[field.control];
  return <Control {...{ field, raw, onChange, id, faults, described }} invalid={shown.length > 0} />;
}

/** null is a value, other than none: a checkbox sets it. */
function Null({ field, raw, shown, onChange, id }: PartProps & { id: string | undefined }) {
  return (
    <label class="check null mono">
      <input
        type="checkbox"
        id={id}
        checked={raw === null}
        aria-label={`${field.title}: null`}
        aria-invalid={raw === null && shown.length > 0}
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

/** Return the faults that the field shows itself; its members and entries show theirs. */
function shownHere({ field, raw, faults }: RowProps): Fault[] {
  if (raw === null || isCode(raw)) return faults;
  switch (field.control) {
    case 'group':
      return field.others ? [] : unplaced(field.fields, faults);
    case 'words': {
      const { entries } = raw as Words;
      return faults.filter((fault) => !(Number(stepsInside(field, fault)[0] ?? -1) in entries));
    }
    case 'pairs': {
      const { pairs } = raw as Pairs;
      const placed = pairs.flatMap((_, index) => ofPair(field, pairs, index, faults));
      return faults.filter((fault) => !placed.includes(fault));
    }
    default:
      return faults;
  }
}

/** The faults of a field. Where it has no control that could take the focus, they do. */
function Faults({ field, raw, shown, id }: PartProps & { id: string }) {
  if (!shown.length) return null;
  const focusable = (field.control === 'group' || field.control === 'pairs') && raw !== null && !isCode(raw);
  return (
    <ul class="faults" id={id} tabIndex={focusable ? -1 : undefined} data-fault={focusable || undefined}>
      {shown.map((fault) => (
        <li key={fault.pointer + fault.detail}>{sentence(field, raw, fault)}</li>
      ))}
    </ul>
  );
}

/** `Quantity must be an integer.`, `“desk” must be unique.` */
function sentence(field: Field, raw: Raw, fault: Fault): string {
  const steps = stepsInside(field, fault);
  const words = isObject(raw) && Object.hasOwn(raw, 'entries') ? (raw as Words) : null;
  const entry = words ? (words.entries[Number(steps[0])] ?? words.pending.trim()) : steps.join(' › ');
  return `${steps.length ? quoted(entry) : field.title} ${fault.detail}.`;
}
