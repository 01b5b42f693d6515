/** The fields of a schema as controls with labels, help and faults. Knows no item and no API. */
import { useId } from 'preact/hooks';
import type { Fault } from '../contract/validate';
import { CONTROLS } from './controls';
import type { Field, Raw, Words } from './fields';
import './Form.css';

interface Props {
  fields: Field[];
  raw: Record<string, Raw>;
  faults: Fault[];
  onChange: (raw: Record<string, Raw>) => void;
}

export function Form({ fields, raw, faults, onChange }: Props) {
  return (
    <>
      {fields.map((field) => (
        <Row
          key={field.pointer}
          field={field}
          raw={raw[field.name] ?? ''}
          faults={faults.filter(
            (fault) => fault.pointer === field.pointer || fault.pointer.startsWith(`${field.pointer}/`),
          )}
          onChange={(value) => onChange({ ...raw, [field.name]: value })}
        />
      ))}
    </>
  );
}

/** Return the faults that no field shows: those of the whole body, or of a property that the form does not know. */
export function unplaced(fields: Field[], faults: Fault[]): Fault[] {
  const placed = (pointer: string) =>
    fields.some(({ pointer: own }) => pointer === own || pointer.startsWith(`${own}/`));
  return faults.filter((fault) => !placed(fault.pointer));
}

interface RowProps {
  field: Field;
  raw: Raw;
  faults: Fault[];
  onChange: (raw: Raw) => void;
}

function Row({ field, raw, faults, onChange }: RowProps) {
  const id = useId();
  if (field.control === 'group') {
    return (
      <fieldset class="field">
        <legend>{field.title}</legend>
        {field.help && <p class="help">{field.help}</p>}
        <Form fields={field.fields} raw={raw as Record<string, Raw>} faults={faults} onChange={onChange} />
      </fieldset>
    );
  }
  const Control = CONTROLS[field.control];
  const grouped = field.control === 'pairs' || field.control === 'choices';
  const label = (
    <>
      {field.title}
      {field.required && <span class="required"> (required)</span>}
    </>
  );
  const described = [field.help && `${id}-help`, faults.length && `${id}-faults`].filter(Boolean).join(' ');
  const inner = (
    <>
      {field.help && (
        <p class="help" id={`${id}-help`}>
          {field.help}
        </p>
      )}
      <Control
        {...{ field, raw, onChange, id }}
        invalid={faults.length > 0}
        described={described || undefined}
      />
      {faults.length > 0 && (
        <ul class="faults" id={`${id}-faults`}>
          {faults.map((fault) => (
            <li key={fault.pointer + fault.detail}>{sentence(field, raw, fault)}</li>
          ))}
        </ul>
      )}
    </>
  );
  return grouped ? (
    <fieldset class="field" data-field={field.pointer} aria-describedby={described || undefined}>
      <legend>{label}</legend>
      {inner}
    </fieldset>
  ) : (
    <div class="field" data-field={field.pointer}>
      <label for={id}>{label}</label>
      {inner}
    </div>
  );
}

/** `Quantity must be an integer.`, `“desk” must be unique.` */
function sentence(field: Field, raw: Raw, fault: Fault): string {
  const step = fault.pointer
    .slice(field.pointer.length + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  const entry =
    field.control === 'words' ? ((raw as Words).entries[Number(step)] ?? (raw as Words).pending) : step;
  return `${step ? `“${entry}”` : field.title} ${fault.detail}.`;
}
