/** Chooses the columns of a table and how high its rows are. */
import type { Resource } from '../api/client';
import { Popup } from '../ui/Popup';
import { useStore } from '../store';
import { allColumns, type Column, defaultKeys, keyColumns, withColumn } from './columns';
import type { Layout } from './layout';
import { type Density, prefer, preferencesOf } from './preferences';
import './ColumnsMenu.css';

interface Props {
  anchor: HTMLElement;
  layout: Layout;
  sub: string;
  entries: Resource[];
  /** The columns that are chosen, and how many of them do not fit. */
  chosen: Column[];
  hidden: number;
  onClose: () => void;
}

export default function ColumnsMenu({ anchor, layout, sub, entries, chosen, hidden, onClose }: Props) {
  const { density, columns } = useStore(preferencesOf(sub));
  const keys = chosen.map(({ key }) => key);
  const fixed = allColumns(layout.facts);
  const found = keyColumns(entries);
  const known = [...fixed, ...found].map(({ key }) => key);
  const custom = [...found, ...chosen.filter(({ key }) => !known.includes(key))];
  const set = (next: string[]) => prefer(sub, { columns: { ...columns, [layout.name]: next } });
  const toggle = (column: Column) =>
    set(
      (keys.includes(column.key)
        ? chosen.filter(({ key }) => key !== column.key)
        : withColumn(chosen, column)
      ).map(({ key }) => key),
    );
  const reset = () => {
    const others = Object.entries(columns).filter(([name]) => name !== layout.name);
    prefer(sub, { columns: Object.fromEntries(others) });
  };
  const box = (column: Column) => (
    <label key={column.key}>
      <input type="checkbox" checked={keys.includes(column.key)} onChange={() => toggle(column)} />
      <bdi>{column.title}</bdi>
    </label>
  );
  const height = (value: Density, label: string) => (
    <label key={value}>
      <input
        type="radio"
        name="density"
        checked={density === value}
        onChange={() => prefer(sub, { density: value })}
      />
      {label}
    </label>
  );
  return (
    <Popup anchor={anchor} label="Columns and density" role="dialog" onClose={onClose}>
      <div class="columns-menu">
        <fieldset>
          <legend>Density</legend>
          {height('comfortable', 'Comfortable')}
          {height('compact', 'Compact')}
        </fieldset>
        <fieldset>
          <legend>Columns</legend>
          {fixed.map(box)}
        </fieldset>
        {custom.length > 0 && (
          <fieldset>
            <legend>Custom fields</legend>
            {custom.map(box)}
          </fieldset>
        )}
        {hidden > 0 && (
          <p class="help">
            {hidden} of {keys.length} columns do not fit into this window.
          </p>
        )}
        <button
          type="button"
          class="quiet small"
          disabled={keys.join() === defaultKeys(layout.facts).join()}
          onClick={reset}
        >
          Reset columns
        </button>
      </div>
    </Popup>
  );
}
