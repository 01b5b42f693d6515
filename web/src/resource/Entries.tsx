/** A page of resources: search, order, table, and what is shown while there are none. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { messageOf } from '../api/problem';
import { textOf } from '../contract/schema';
import { counted } from '../contract/service';
import { write } from '../json/value';
import { Selection } from '../list/selection';
import { useServices } from '../services';
import { useStore } from '../store';
import { Icon } from '../ui/parts';
import { ApiCallsButton } from './ApiCalls';
import { contentOf } from '../list/content';
import type { Order, ResourceList } from '../list/list';
import { Grid } from './Grid';
import type { Layout } from './layout';
import './Entries.css';

interface Props {
  list: ResourceList;
  /** In the plural, within a sentence. */
  what: string;
  /** Where the tab keeps the search, also through a new sign-in. */
  searchKey: string;
  layout: Layout;
  sub: string;
  /** The ID of the open entry. */
  current?: string | null;
  heading: ComponentChildren;
  /** Beside the heading. */
  action: ComponentChildren;
  /** Beside the buttons of the list. */
  more?: ComponentChildren;
  empty: ComponentChildren;
}

export function Entries({
  list,
  what,
  searchKey,
  layout,
  sub,
  current,
  heading,
  action,
  more,
  empty,
}: Props) {
  const { api } = useServices();
  const listing = useStore(list.store);
  const calls = useStore(api.calls);
  const [query, setQuery] = useState(() => sessionStorage.getItem(searchKey) ?? '');
  useEffect(() => void list.load(), [list]);
  useEffect(() => sessionStorage.setItem(searchKey, query), [searchKey, query]);
  const [selection] = useState(() => new Selection());
  const { entries, cursor, order, loading, error } = listing;
  const matching = query ? entries.filter((entry) => matches(entry, query)) : entries;
  return (
    <>
      <div class="heading">
        <h1>{heading}</h1>
        <p class="count" role="status">
          {count(matching.length, entries.length, cursor, query)}
        </p>
        {action}
      </div>
      <search class="tools">
        <label class="search">
          <Icon name="search" />
          <span class="hidden">Search {what}</span>
          <input
            type="search"
            placeholder={`Search ${what}`}
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </label>
        <label>
          <span class="hidden">Order</span>
          <select value={order} onChange={(event) => void list.load(event.currentTarget.value as Order)}>
            <option value="desc">Newest first</option>
            <option value="asc">Oldest first</option>
          </select>
        </label>
        <button
          type="button"
          class="square"
          aria-label="Reload"
          title="Reload"
          disabled={loading}
          onClick={() => void list.load()}
        >
          <Icon name="refresh" />
        </button>
        <span class="space" />
        {more}
        <ApiCallsButton calls={calls} />
      </search>
      {query && entries.length > 0 && (
        <p class="notice">
          {cursor
            ? `Searched only the ${what} loaded so far (${entries.length}).`
            : `Searched all ${what} (${entries.length}).`}
          {cursor && (
            <button type="button" class="small" disabled={loading} onClick={() => void list.all()}>
              Load all and search
            </button>
          )}
        </p>
      )}
      {entries.length === 0 && cursor === null && <div class="empty">{empty}</div>}
      {(matching.length > 0 || loading) && (
        <Grid
          key={order}
          rows={matching}
          listing={listing}
          layout={layout}
          selection={selection}
          sub={sub}
          current={current}
          caption={`Your ${what}, ${order === 'desc' ? 'newest' : 'oldest'} first`}
          auto={!query}
          onMore={() => void list.more()}
        />
      )}
      {matching.length === 0 && entries.length > 0 && !loading && <p class="none">No {what} match.</p>}
      {error !== null && !loading && (
        <div class="notice error" role="alert">
          <p>
            {entries.length > 0 ? 'More' : 'The'} {what} could not be loaded. {messageOf(error)}
          </p>
          <button type="button" class="small" onClick={() => void list.more()}>
            Try again
          </button>
        </div>
      )}
    </>
  );
}

/** Return whether every word of the query occurs in the content, as shown or as JSON, or the query is the ID. */
function matches(entry: Resource, query: string): boolean {
  const content = contentOf(entry);
  const text = `${textOf(content)}\n${write(content)}`.toLocaleLowerCase();
  const words = query.toLocaleLowerCase().split(/\s+/);
  return words.every((word) => text.includes(word)) || entry.id === query.trim();
}

function count(matching: number, loaded: number, cursor: string | null | undefined, query: string): string {
  if (cursor === undefined) return '';
  const all = cursor ? `${counted(loaded)} loaded, more available` : counted(loaded);
  return query ? `${matching} of ${all}` : all;
}
