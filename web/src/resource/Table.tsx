/** The resources as a table, whose columns follow from the contract. */
import { useEffect, useRef } from 'preact/hooks';
import type { Resource } from '../api/client';
import { textOf } from '../contract/schema';
import { isFormatted } from '../contract/validate';
import { capitalised, collection, service } from '../contract/service';
import { own, write } from '../json/value';
import { Icon, Time } from '../ui/parts';
import { go } from '../ui/router';
import type { Field } from '../form/fields';
import { columnsOf, fields, nameOf, title } from './content';
import type { Listing } from './list';
import './Table.css';
import './skeleton.css';

const { excerpt, columns } = columnsOf(fields, title);
const SKELETONS = 8;
const CHIPS = 3; // so that a row with twenty words does not fill the screen

interface Props {
  entries: Resource[];
  listing: Listing;
  /** Whether to load the next page when the end of the table scrolls into view. */
  auto: boolean;
  onMore: () => void;
  onDelete: (entry: Resource) => void;
}

export function Table({ entries, listing, auto, onMore, onDelete }: Props) {
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
  }, [more, entries.length]);
  return (
    <>
      <table aria-busy={loading}>
        <caption class="hidden">
          Your {service.plural}, {order === 'desc' ? 'newest' : 'oldest'} first
        </caption>
        <thead>
          <tr>
            <th scope="col">{title?.title ?? capitalised(service.singular)}</th>
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
          {entries.map((entry) => (
            <Row key={entry.id} entry={entry} onDelete={onDelete} />
          ))}
          {loading &&
            Array.from({ length: entries.length ? 2 : SKELETONS }, (_, index) => <Skeleton key={index} />)}
        </tbody>
      </table>
      <div ref={end} />
    </>
  );
}

function Row({ entry, onDelete }: { entry: Resource; onDelete: (entry: Resource) => void }) {
  const value = (field: Field) => own(entry, field.name);
  const name = nameOf(entry);
  const path = `${collection}/${entry.id}`;
  const open = (event: MouseEvent) => {
    const other = (event.target as Element).closest('a, button') || getSelection()?.type === 'Range';
    if (!other) go(path);
  };
  return (
    <tr onClick={open}>
      <th scope="row">
        <a href={path} dir="auto">
          {name}
        </a>
        {excerpt && (
          <span class="excerpt" dir="auto">
            {textOf(value(excerpt))}
          </span>
        )}
        <span class="brief" dir="auto">
          {columns
            .filter((field) => textOf(value(field)) !== '')
            .map((field) =>
              field.control === 'words' ? textOf(value(field)) : `${field.title} ${textOf(value(field))}`,
            )
            .join(' · ')}
        </span>
      </th>
      {columns.map((field) => (
        <td key={field.name} class={`extra ${field.control}`}>
          <Cell field={field} value={value(field)} />
        </td>
      ))}
      <td class="time extra">
        <Time at={entry.created_at} />
      </td>
      <td class="time">
        <Time at={entry.updated_at} />
      </td>
      <td class="act">
        <button
          type="button"
          class="quiet square"
          aria-label={`Delete ${name}`}
          title="Delete"
          onClick={() => onDelete(entry)}
        >
          <Icon name="trash" />
        </button>
      </td>
    </tr>
  );
}

function Cell({ field, value }: { field: Field; value: unknown }) {
  if (value === null) return <em class="help">null</em>;
  if (Array.isArray(value)) {
    const more = value.length - CHIPS;
    return (
      <>
        {value.slice(0, CHIPS).map((entry: unknown, index) => (
          <bdi key={index} class="chip">
            {chip(entry)}
          </bdi>
        ))}
        {more > 0 && (
          <span class="chip" title={value.slice(CHIPS).map(chip).join(', ')}>
            +{more}
          </span>
        )}
      </>
    );
  }
  if (field.schema.format === 'date-time' && typeof value === 'string' && isFormatted(value, 'date-time'))
    return <Time at={value} />;
  return <bdi title={textOf(value)}>{textOf(value)}</bdi>;
}

function chip(entry: unknown): string {
  return typeof entry === 'object' ? write(entry) : textOf(entry);
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
