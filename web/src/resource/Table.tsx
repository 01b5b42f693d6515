/** The resources as a table, whose columns follow from the contract. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Resource } from '../api/client';
import { textOf } from '../contract/schema';
import { isFormatted } from '../contract/validate';
import { capitalised, service } from '../contract/service';
import { own, write } from '../json/value';
import { Time } from '../ui/parts';
import { go } from '../ui/router';
import type { Field } from '../contract/fields';
import { columnsOf, fields, nameOf, title } from '../list/content';
import type { Listing } from '../list/list';
import './Table.css';
import './skeleton.css';

const { excerpt, columns } = columnsOf(fields, title);
const SKELETONS = 8;
const CHIPS = 3; // so that a row with twenty words does not fill the screen

interface TimeColumn {
  title: string;
  property: string;
  /** Whether the list is in this order. A narrow table does not show the column. */
  sorted?: true;
}

/** What depends on the page that the table is on. */
export interface Layout {
  times: TimeColumn[];
  /** Where a row leads to. */
  path?: (entry: Resource) => string;
  /** Below the name, in a table that is too narrow for any time. */
  note?: (entry: Resource) => ComponentChildren;
  actions: (entry: Resource) => ComponentChildren;
}

interface Props {
  entries: Resource[];
  listing: Listing;
  layout: Layout;
  caption: string;
  /** Whether to load the next page when the end of the table scrolls into view. */
  auto: boolean;
  onMore: () => void;
}

export function Table({ entries, listing, layout, caption, auto, onMore }: Props) {
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
      <table aria-busy={loading} class={layout.times.length > 2 ? 'broad' : undefined}>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{title?.title ?? capitalised(service.singular)}</th>
            {columns.map((field) => (
              <th key={field.name} scope="col" class={`extra ${field.control}`}>
                {field.title}
              </th>
            ))}
            {layout.times.map((column) => (
              <th
                key={column.property}
                scope="col"
                class={timeClass(column)}
                aria-sort={column.sorted && (order === 'asc' ? 'ascending' : 'descending')}
              >
                {column.title}
              </th>
            ))}
            <th scope="col" class="act">
              <span class="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Row key={entry.id} entry={entry} layout={layout} />
          ))}
          {loading &&
            Array.from({ length: entries.length ? 2 : SKELETONS }, (_, index) => (
              <Skeleton key={index} times={layout.times} />
            ))}
        </tbody>
      </table>
      <div ref={end} />
    </>
  );
}

function timeClass({ sorted }: TimeColumn): string {
  return sorted ? 'time extra' : 'time';
}

function Row({ entry, layout }: { entry: Resource; layout: Layout }) {
  const value = (field: Field) => own(entry, field.name);
  const name = nameOf(entry);
  const path = layout.path?.(entry);
  const open = (event: MouseEvent) => {
    const other = (event.target as Element).closest('a, button') || getSelection()?.type === 'Range';
    if (!other && path) go(path);
  };
  return (
    <tr onClick={open} class={path && 'opens'}>
      <th scope="row">
        {path ? (
          <a href={path} class="name" dir="auto">
            {name}
          </a>
        ) : (
          <span class="name" dir="auto">
            {name}
          </span>
        )}
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
        {layout.note && <span class="note">{layout.note(entry)}</span>}
      </th>
      {columns.map((field) => (
        <td key={field.name} class={`extra ${field.control}`}>
          <Cell field={field} value={value(field)} />
        </td>
      ))}
      {layout.times.map((column) => (
        <td key={column.property} class={timeClass(column)}>
          <Time at={String(entry[column.property])} />
        </td>
      ))}
      <td class="act">{layout.actions(entry)}</td>
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

function Skeleton({ times }: { times: TimeColumn[] }) {
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
      {times.map((column) => (
        <td key={column.property} class={timeClass(column)}>
          <span />
        </td>
      ))}
      <td class="act" />
    </tr>
  );
}
