/** One entry as a row. It is rendered again only if what it is given has changed; the table handles its events. */
import { memo } from 'preact/compat';
import type { Resource } from '../api/client';
import { Icon } from '../ui/parts';
import { Cell } from './Cell';
import { type Column, lineOf, valueIn } from './columns';
import { nameOf } from '../list/content';
import type { Layout } from './layout';

interface Props {
  entry: Resource;
  /** Its place among all rows of the table, also those that are not rendered. */
  index: number;
  columns: Column[];
  /** Columns for the second line of a row without columns. */
  brief: Column[] | null;
  layout: Layout;
  selected: boolean;
  /** Whether it is open beside the table. */
  current: boolean;
  filters: boolean;
  /** Whether it is printed: everything is shown, and times are exact. */
  paper: boolean;
}

export const Row = memo(function Row(props: Props) {
  const { entry, index, columns, brief, layout, selected, current, filters, paper } = props;
  const name = nameOf(entry);
  const path = layout.path?.(entry);
  const state = [path && 'opens', selected && 'selected', current && 'current'].filter(Boolean).join(' ');
  return (
    <tr
      role="row"
      class={state || undefined}
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-current={current || undefined}
      data-id={entry.id}
      style={{ '--at': index }}
    >
      <td role="gridcell" class="pick">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={selected}
          aria-label={`Select ${name}`}
          data-do="pick"
        />
      </td>
      <th role="rowheader" scope="row">
        {path ? (
          <a href={path} class="name" dir="auto" title={name}>
            {name}
          </a>
        ) : (
          <span class="name" dir="auto" title={name}>
            {name}
          </span>
        )}
        {brief && <span class="brief">{layout.note ? layout.note(entry) : briefOf(entry, brief)}</span>}
      </th>
      {columns.map((column) => (
        <td key={column.key} role="gridcell" class={column.kind}>
          <Cell entry={entry} column={column} filters={filters} paper={paper} />
        </td>
      ))}
      <td role="gridcell" class="act">
        {layout.button && (
          <button
            type="button"
            class="quiet small"
            tabIndex={path ? -1 : 0}
            aria-label={`${layout.button.label} ${name}`}
            aria-disabled={layout.button.busy(entry)}
            data-do="button"
          >
            <Icon name={layout.button.icon} />
            {layout.button.label}
          </button>
        )}
        {layout.menu && (
          <button
            type="button"
            class="quiet square small"
            tabIndex={-1}
            aria-haspopup="menu"
            aria-label={`Actions for ${name}`}
            title="Actions"
            data-do="menu"
          >
            <Icon name="more" />
          </button>
        )}
      </td>
    </tr>
  );
});

function briefOf(entry: Resource, columns: Column[]): string {
  return columns
    .map((column) => {
      const text = lineOf(valueIn(entry, column));
      return text && (column.kind === 'words' || column.kind === 'text')
        ? text
        : text && `${column.title} ${text}`;
    })
    .filter(Boolean)
    .join(' · ');
}

/** A placeholder for a row that is loading. */
export function Bones({ index, columns, brief }: { index: number; columns: Column[]; brief: boolean }) {
  return (
    <tr class="skeleton" aria-hidden="true" style={{ '--at': index }}>
      <td class="pick" />
      <th>
        <span />
        {brief && <span class="brief" />}
      </th>
      {columns.map((column) => (
        <td key={column.key} class={column.kind}>
          <span />
        </td>
      ))}
      <td class="act" />
    </tr>
  );
}
