/** The first rows of a file as they would be created. */
import { textOf } from '../contract/schema';
import { isObject, own } from '../json/value';
import { nameOf, type Row, type Target } from './plan';
import type { Column } from './columns';

const FIRST = 5;

export function Rows({ rows, targets }: { rows: Row[]; targets: Target[] }) {
  const used = targets.filter((target): target is Column => target !== null && target !== 'id');
  if (!rows.length || !used.length) return null;
  return (
    <div class="scrolled" tabIndex={0} role="group" aria-label="The first rows">
      <table class="first">
        <thead>
          <tr>
            <th scope="col">Row</th>
            {used.map((column) => (
              <th key={nameOf(column)} scope="col">
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, FIRST).map((row) => (
            <tr key={row.place}>
              <th scope="row">{row.place}</th>
              {used.map((column) => (
                <td key={nameOf(column)}>
                  <bdi>{shown(row, column)}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shown({ content }: Row, { steps }: Column) {
  const value = steps.reduce<unknown>(
    (here, step) => (isObject(here) ? own(here, step) : undefined),
    content,
  );
  if (value === null || value === '') return <em class="help">{value === null ? 'null' : 'empty text'}</em>;
  return textOf(value);
}
