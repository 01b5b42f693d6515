/** The filters of the list: a chip for each, and a menu to add one. Knows no entry. */
import { Suspense } from 'preact/compat';
import { useRef, useState } from 'preact/hooks';
import { spoken } from '../list/properties';
import type { Filter } from '../list/view';
import { later } from '../ui/later';
import { Menu } from '../ui/Menu';
import { Icon } from '../ui/parts';
import './Filters.css';

const FilterForm = later(() => import('./FilterForm'));

interface Props {
  filters: Filter[];
  onChange: (filters: Filter[]) => void;
}

export function AddFilter({ filters, onChange, suggest }: Props & { suggest: (path: string) => string[] }) {
  const [open, setOpen] = useState(false);
  const form = useRef<HTMLDivElement>(null);
  const add = (filter: Filter) => {
    (form.current?.closest('[popover]') as HTMLElement | null)?.hidePopover();
    onChange(withFilter(filters, filter));
  };
  return (
    <Menu
      label="Filter"
      face={
        <>
          <Icon name="filter" />
          <span>Filter</span>
        </>
      }
      class="quiet"
      closes={false}
      onToggle={setOpen}
    >
      <div ref={form} class="filter-form">
        {open && (
          <Suspense fallback={<p class="help">Loading…</p>}>
            <FilterForm onAdd={add} suggest={suggest} />
          </Suspense>
        )}
      </div>
    </Menu>
  );
}

export function FilterChips({ filters, onChange }: Props) {
  if (!filters.length) return null;
  return (
    <ul class="filters" aria-label="Filters">
      {filters.map((filter, index) => (
        <li key={JSON.stringify(filter)} class="chip">
          <bdi>{spoken(filter)}</bdi>
          <button
            type="button"
            class="quiet tiny square"
            aria-label={`Remove the filter ${spoken(filter)}`}
            onClick={() => onChange(filters.filter((_, other) => other !== index))}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
      {filters.length > 1 && (
        <li>
          <button type="button" class="quiet small" onClick={() => onChange([])}>
            Clear filters
          </button>
        </li>
      )}
    </ul>
  );
}

/** Return the filters with another one, once. */
export function withFilter(filters: Filter[], filter: Filter): Filter[] {
  const same = (other: Filter) => JSON.stringify(other) === JSON.stringify(filter);
  return filters.some(same) ? filters : [...filters, filter];
}
