/** The items as a table, whose columns follow from the contract. */
import { useEffect, useRef } from 'preact/hooks';
import type { Item } from '../api/client';
import { type Json, textOf } from '../contract/schema';
import { Icon, Time } from '../ui/parts';
import { go } from '../ui/router';
import type { Field } from '../form/fields';
import { fields, nameOf } from './content';
import type { Listing } from './list';
import './ItemTable.css';
import './skeleton.css';

const COLUMNS = 3;
const named = fields.find((field) => field.control === 'line');
const excerpt = fields.find((field) => field.control === 'text');
const columns = fields
  .filter(
    (field) =>
      field !== named && ['line', 'number', 'choice', 'yes-no', 'words', 'choices'].includes(field.control),
  )
  .slice(0, COLUMNS);
const SKELETONS = 8;
const CHIPS = 3; // so that an item with twenty tags does not fill the screen

interface Props {
  items: Item[];
  listing: Listing;
  /** Whether to load the next page when the end of the table scrolls into view. */
  auto: boolean;
  onMore: () => void;
  onDelete: (item: Item) => void;
}

export function ItemTable({ items, listing, auto, onMore, onDelete }: Props) {
  const end = useRef<HTMLDivElement>(null);
  const { order, cursor, loading, error } = listing;
  const more = auto && !loading && !error && !!cursor;
  useEffect(() => {
    if (!more || !end.current) return;
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some((entry) => entry.isIntersecting)) onMore();
      },
      { rootMargin: '0px 0px 800px' },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [more, items.length]);
  return (
    <>
      <table aria-busy={loading}>
        <caption class="hidden">Your items, {order === 'desc' ? 'newest' : 'oldest'} first</caption>
        <thead>
          <tr>
            <th scope="col">{named?.title ?? 'Item'}</th>
            {columns.map((field) => (
              <th key={field.name} scope="col" class={`extra ${field.control}`}>
                {field.title}
              </th>
            ))}
            <th scope="col" class="time extra" aria-sort={order === 'asc' ? 'ascending' : 'descending'}>
              Created
            </th>
            <th scope="col" class="time">
              Updated
            </th>
            <th scope="col" class="act">
              <span class="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <Row key={item.id} item={item} onDelete={onDelete} />
          ))}
          {loading &&
            Array.from({ length: items.length ? 2 : SKELETONS }, (_, index) => <Skeleton key={index} />)}
        </tbody>
      </table>
      <div ref={end} />
    </>
  );
}

function Row({ item, onDelete }: { item: Item; onDelete: (item: Item) => void }) {
  const content: Json = item;
  const name = nameOf(item);
  const open = (event: MouseEvent) => {
    const other = (event.target as Element).closest('a, button') || getSelection()?.type === 'Range';
    if (!other) go(`/items/${item.id}`);
  };
  return (
    <tr onClick={open}>
      <th scope="row">
        <a href={`/items/${item.id}`} dir="auto">
          {name}
        </a>
        {excerpt && (
          <span class="excerpt" dir="auto">
            {textOf(content[excerpt.name])}
          </span>
        )}
        <span class="brief" dir="auto">
          {columns
            .filter((field) => textOf(content[field.name]) !== '')
            .map((field) =>
              field.control === 'words'
                ? textOf(content[field.name])
                : `${field.title} ${textOf(content[field.name])}`,
            )
            .join(' · ')}
        </span>
      </th>
      {columns.map((field) => (
        <td key={field.name} class={`extra ${field.control}`}>
          <Cell field={field} value={content[field.name]} />
        </td>
      ))}
      <td class="time extra">
        <Time at={item.created_at} />
      </td>
      <td class="time">
        <Time at={item.updated_at} />
      </td>
      <td class="act">
        <button
          type="button"
          class="quiet square"
          aria-label={`Delete ${name}`}
          title="Delete"
          onClick={() => onDelete(item)}
        >
          <Icon name="trash" />
        </button>
      </td>
    </tr>
  );
}

function Cell({ field, value }: { field: Field; value: unknown }) {
  if (Array.isArray(value)) {
    const more = value.length - CHIPS;
    return (
      <>
        {value.slice(0, CHIPS).map((entry: unknown) => (
          <bdi key={String(entry)} class="chip">
            {String(entry)}
          </bdi>
        ))}
        {more > 0 && (
          <span class="chip" title={value.slice(CHIPS).map(String).join(', ')}>
            +{more}
          </span>
        )}
      </>
    );
  }
  if (field.schema.format === 'date-time' && typeof value === 'string') return <Time at={value} />;
  return <bdi title={textOf(value)}>{textOf(value)}</bdi>;
}

function Skeleton() {
  return (
    <tr class="skeleton" aria-hidden="true">
      <th>
        <span />
        <span class="excerpt" />
      </th>
      {columns.map((field) => (
        <td key={field.name} class={`extra ${field.control}`}>
          <span />
        </td>
      ))}
      <td class="time extra">
        <span />
      </td>
      <td class="time">
        <span />
      </td>
      <td class="act" />
    </tr>
  );
}
