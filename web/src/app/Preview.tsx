/** A picture of the app, drawn with the examples of the contract, for people who have not signed in. It is decoration only. */
import { textOf } from '../contract/schema';
import { capitalised, service } from '../contract/service';
import { isObject, type Json, own } from '../json/value';
import { fields, nameOf, title } from '../list/content';
import { usualColumns } from '../resource/columns';
import { Icon } from '../ui/parts';
import './Preview.css';

const ROWS = 7;
const FIELDS = 5;

export function Preview() {
  const open = service.examples.at(-1);
  return (
    <div class="preview" aria-hidden="true">
      <div class="preview-bar">
        <strong>{capitalised(service.plural)}</strong>
        <span class="preview-search">
          <Icon name="search" />
          Search {service.plural}
        </span>
        <span class="preview-new">New {service.singular}</span>
      </div>
      <Rows open={open} />
      {open && <Panel entry={open} />}
    </div>
  );
}

function Rows({ open }: { open: Json | undefined }) {
  const columns = usualColumns(fields, title).flatMap(({ field }) => field ?? []);
  const isFilled = ({ name }: { name: string }) => open !== undefined && own(open, name) !== undefined;
  const shown = [...columns.filter(isFilled), ...columns.filter((one) => !isFilled(one))].slice(0, 2);
  const entries = service.examples.toReversed().slice(0, ROWS);
  return (
    <table>
      <thead>
        <tr>
          <th>{title?.title ?? capitalised(service.singular)}</th>
          {shown.map((field) => (
            <th key={field.name}>{field.title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {Array.from({ length: ROWS }, (_, row) => (
          <tr key={row} class={open && row === 0 ? 'preview-open' : undefined}>
            <td>
              <Value value={entries[row] && nameOf(entries[row])} />
            </td>
            {shown.map((field) => (
              <td key={field.name}>
                <Value value={entries[row] && own(entries[row], field.name)} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Panel({ entry }: { entry: Json }) {
  const filled = fields.filter((field) => field !== title && own(entry, field.name) !== undefined);
  return (
    <dl class="preview-panel">
      <strong>{nameOf(entry)}</strong>
      {filled.slice(0, FIELDS).map((field) => (
        <div key={field.name}>
          <dt>{field.title}</dt>
          <dd>
            <Value value={own(entry, field.name)} open />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A short value as text, a list as chips, everything else as a bar, or in an open entry as text of several lines. */
function Value({ value, open = false }: { value: unknown; open?: boolean }) {
  if (Array.isArray(value) && value.every((word) => typeof word === 'string'))
    return (
      <>
        {value.slice(0, 2).map((word) => (
          <span key={word} class="chip">
            {word}
          </span>
        ))}
      </>
    );
  if (!value || (isObject(value) && !open)) return <i />;
  return <span>{textOf(value)}</span>;
}
