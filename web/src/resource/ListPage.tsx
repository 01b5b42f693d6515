/** The list of resources, and the open one above it. */
import { useEffect, useState } from 'preact/hooks';
import type { Resource } from '../api/client';
import { messageOf } from '../api/problem';
import { textOf } from '../contract/schema';
import { capitalised, collection, counted, service } from '../contract/service';
import { write } from '../json/value';
import { useServices } from '../services';
import { useStore } from '../store';
import { Icon } from '../ui/parts';
import { go } from '../ui/router';
import { ApiCallsButton } from './ApiCalls';
import { contentOf } from './content';
import { DeleteDialog } from './DeleteDialog';
import { Drawer } from './Drawer';
import type { Order, ResourceList } from './list';
import { Table } from './Table';
import './ListPage.css';

interface Props {
  list: ResourceList;
  open: null | 'new' | { id: string };
  sub: string;
}

export function ListPage({ list, open, sub }: Props) {
  const { api } = useServices();
  const listing = useStore(list.store);
  const calls = useStore(api.calls);
  const [query, setQuery] = useState(() => sessionStorage.getItem(`search:${sub}`) ?? '');
  const [deleting, setDeleting] = useState<Resource | null>(null);
  useEffect(() => void list.load(), [list]);
  useEffect(() => sessionStorage.setItem(`search:${sub}`, query), [sub, query]); // kept across a new sign-in
  const { entries, cursor, order, loading, error } = listing;
  const matching = query ? entries.filter((entry) => matches(entry, query)) : entries;
  return (
    <section class="page">
      <div class="heading">
        <h1>{capitalised(service.plural)}</h1>
        <p class="count" role="status">
          {count(matching.length, entries.length, cursor, query)}
        </p>
        <a class="button primary" href={`${collection}/new`}>
          <Icon name="plus" />
          New {service.singular}
        </a>
      </div>
      <search class="tools">
        <label class="search">
          <Icon name="search" />
          <span class="hidden">Search {service.plural}</span>
          <input
            type="search"
            placeholder={`Search ${service.plural}`}
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
        <ApiCallsButton calls={calls} />
      </search>
      {query && entries.length > 0 && (
        <p class="notice">
          {cursor
            ? `Searched only the ${service.plural} loaded so far (${entries.length}).`
            : `Searched all ${service.plural} (${entries.length}).`}
          {cursor && (
            <button type="button" class="small" disabled={loading} onClick={() => void list.all()}>
              Load all and search
            </button>
          )}
        </p>
      )}
      {entries.length === 0 && cursor === null && <Empty />}
      {(matching.length > 0 || loading) && (
        <Table
          entries={matching}
          listing={listing}
          auto={!query}
          onMore={() => void list.more()}
          onDelete={setDeleting}
        />
      )}
      {matching.length === 0 && entries.length > 0 && !loading && (
        <p class="none">No {service.plural} match.</p>
      )}
      {error !== null && !loading && (
        <div class="notice error" role="alert">
          <p>
            {entries.length > 0 ? 'More' : 'The'} {service.plural} could not be loaded. {messageOf(error)}
          </p>
          <button type="button" class="small" onClick={() => void list.more()}>
            Try again
          </button>
        </div>
      )}
      {open && <Drawer key={JSON.stringify(open)} list={list} open={open} sub={sub} onDelete={setDeleting} />}
      {deleting && (
        <DeleteDialog
          resource={deleting}
          list={list}
          onClose={() => setDeleting(null)}
          onDeleted={() => go('/')}
        />
      )}
    </section>
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

function Empty() {
  return (
    <div class="empty">
      <h2>No {service.plural} yet</h2>
      <p>Start with what you know, and add the rest later.</p>
      <a class="button primary" href={`${collection}/new`}>
        <Icon name="plus" />
        Create your first {service.singular}
      </a>
      <p class="help">
        Or create {service.plural} from a program: see the <a href="/reference">API reference</a>.
      </p>
    </div>
  );
}
