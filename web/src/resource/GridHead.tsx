/** The heads of a table's columns: sort by one, select all, and choose the columns. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../ui/parts';
import { type Column, propertyOf, TITLE } from './columns';
import type { Sort } from '../list/view';

interface Props {
  columns: Column[];
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
  /** How many of the rows are selected. */
  selected: number;
  count: number;
  onPick: (all: boolean) => void;
  onColumns: (button: HTMLElement) => void;
}

export function GridHead({ columns, sort, onSort, selected, count, onPick, onColumns }: Props) {
  const box = useRef<HTMLInputElement>(null);
  const some = selected > 0 && selected < count;
  useLayoutEffect(() => {
    if (box.current) box.current.indeterminate = some;
  });
  const all = count > 0 && selected === count;
  return (
    <thead role="rowgroup">
      <tr role="row" aria-rowindex={1}>
        <th role="columnheader" scope="col" class="pick">
          <input
            ref={box}
            type="checkbox"
            checked={all}
            disabled={!count}
            aria-label={`Select all ${count.toLocaleString()}`}
            title={all ? 'Deselect all' : `Select all ${count.toLocaleString()}`}
            onClick={() => onPick(!all)}
          />
        </th>
        {[TITLE, ...columns].map((column) => (
          <Head key={column.key} column={column} sort={sort} onSort={onSort} />
        ))}
        <th role="columnheader" scope="col" class="act">
          <button
            type="button"
            class="quiet square small"
            tabIndex={-1}
            aria-haspopup="dialog"
            aria-label="Columns"
            title="Columns and density"
            onClick={(event) => onColumns(event.currentTarget)}
          >
            <Icon name="columns" />
          </button>
        </th>
      </tr>
    </thead>
  );
}

function Head({ column, sort, onSort }: { column: Column } & Pick<Props, 'sort' | 'onSort'>) {
  const property = propertyOf(column);
  const here = sort?.property === property;
  const descending = here ? !sort.descending : column.kind === 'time' || column.kind === 'number';
  return (
    <th
      role="columnheader"
      scope="col"
      class={column.kind}
      aria-sort={here ? (sort.descending ? 'descending' : 'ascending') : undefined}
    >
      {onSort ? (
        <button
          type="button"
          class="sort"
          tabIndex={-1}
          title={column.title}
          onClick={() => onSort({ property, descending })}
        >
          <span>{column.title}</span>
          {here && <Icon name={sort.descending ? 'down' : 'up'} />}
        </button>
      ) : (
        <span class="sort" title={column.title}>
          {column.title}
        </span>
      )}
    </th>
  );
}
