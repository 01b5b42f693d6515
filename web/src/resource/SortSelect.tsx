/** The order of the list, as a choice; the heads of a table's columns do the same. Knows no entry. */
import { NEWEST } from '../list/address';
import { isSortable, isTime, type Property, properties, propertyOf } from '../list/properties';
import type { Sort } from '../list/view';

interface Props {
  sort: Sort;
  onSort: (sort: Sort) => void;
}

const spelled = ({ property, descending }: Sort) => (descending ? '-' : '') + property;

export function SortSelect({ sort, onSort }: Props) {
  const known = properties.filter(({ path }) => path !== NEWEST.property).filter(isSortable);
  const others = known.some(({ path }) => path === sort.property) || sort.property === NEWEST.property;
  const all = others ? known : [...known, propertyOf(sort.property)];
  const change = (text: string) =>
    onSort({ property: text.replace(/^-/, ''), descending: text.startsWith('-') });
  return (
    <label class="order">
      <span class="hidden">Order</span>
      <select value={spelled(sort)} onChange={(event) => change(event.currentTarget.value)}>
        <option value="-created_at">Newest first</option>
        <option value="created_at">Oldest first</option>
        {all.flatMap((property) =>
          [false, true].map((descending) => (
            <option
              key={spelled({ property: property.path, descending })}
              value={spelled({ property: property.path, descending })}
            >
              {property.title}: {direction(property, descending)}
            </option>
          )),
        )}
      </select>
    </label>
  );
}

function direction(property: Property, descending: boolean): string {
  if (isTime(property)) return descending ? 'latest first' : 'earliest first';
  if (property.control === 'number') return descending ? 'high to low' : 'low to high';
  if (property.control === 'choice' || property.control === 'yes-no')
    return descending ? 'descending' : 'ascending';
  return descending ? 'Z to A' : 'A to Z';
}
