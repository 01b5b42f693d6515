/** One value in a table, on one line. */
import type { Resource } from '../api/client';
import { textOf } from '../contract/schema';
import { isFormatted } from '../contract/validate';
import { write } from '../json/value';
import { Ago } from '../ui/Ago';
import { Time } from '../ui/parts';
import { type Column, lineOf, propertyOf, valueIn } from './columns';

const CHIPS = 3; // the others are behind "+2"

interface Props {
  entry: Resource;
  column: Column;
  /** Whether a click on a chip filters. */
  filters: boolean;
  /** Whether it is printed. */
  paper: boolean;
}

export function Cell({ entry, column, filters, paper }: Props) {
  const value = valueIn(entry, column);
  if (value === undefined) return null;
  if (value === null) return <em class="help">null</em>;
  if (Array.isArray(value))
    return <Chips values={value} column={column} filters={filters} most={paper ? value.length : CHIPS} />;
  if (column.kind === 'mark')
    return <Chip value={value} column={column} filters={filters && typeof value !== 'object'} />;
  if (typeof value === 'string') {
    if (column.kind === 'time') return paper ? <Time at={value} /> : <Ago at={value} />;
    if (column.field?.schema.format === 'date-time' && isFormatted(value, 'date-time'))
      return <Time at={value} />;
  }
  const text = lineOf(value);
  return (
    <bdi class="text" title={text}>
      {text}
    </bdi>
  );
}

interface ChipsProps {
  values: unknown[];
  column: Column;
  filters: boolean;
  most: number;
}

function Chips({ values, column, filters, most }: ChipsProps) {
  const rest = values.slice(most);
  return (
    <span class="chips">
      {values.slice(0, most).map((value, index) => (
        <Chip key={index} value={value} column={column} filters={filters && typeof value === 'string'} />
      ))}
      {rest.length > 0 && (
        <button
          type="button"
          class="chip more"
          tabIndex={-1}
          data-do="more"
          data-key={column.key}
          title={rest.map(chipText).join(', ')}
          aria-label={`${rest.length} more in ${column.title}: ${rest.map(chipText).join(', ')}`}
        >
          +{rest.length}
        </button>
      )}
    </span>
  );
}

interface ChipProps {
  value: unknown;
  column: Column;
  filters: boolean;
}

/** A value that filters the list when it is clicked. The table handles the click. */
export function Chip({ value, column, filters }: ChipProps) {
  const text = chipText(value);
  if (!filters) return <bdi class="chip">{text}</bdi>;
  return (
    <button
      type="button"
      class="chip"
      tabIndex={-1}
      data-do="filter"
      data-field={propertyOf(column)}
      data-operator={column.kind === 'words' ? 'has' : 'is'}
      data-value={typeof value === 'string' ? value : write(value)}
      title={`Show only ${column.title}: ${text}`}
    >
      <bdi>{text}</bdi>
    </button>
  );
}

function chipText(value: unknown): string {
  return typeof value === 'object' ? write(value) : textOf(value);
}
