/** The list of items, and over it the item that is open. */
import { useEffect, useState } from 'preact/hooks';
import type { Item } from '../api/client';
import { tell } from '../api/problem';
import { textOf } from '../contract/schema';
import { useServices } from '../services';
import { useStore } from '../store';
import { Icon } from '../ui/parts';
import { go } from '../ui/router';
import { ApiCallsButton } from './ApiCalls';
import { contentOf } from './content';
import { DeleteDialog } from './DeleteDialog';
import { ItemDrawer } from './ItemDrawer';
import { ItemTable } from './ItemTable';
import type { ItemList, Order } from './list';
import './ItemsPage.css';

interface Props {
  list: ItemList;
  open: null | 'new' | { id: string };
  sub: string;
}

export function ItemsPage({ list, open, sub }: Props) {
  const { api } = useServices();
  const listing = useStore(list.store);
  const calls = useStore(api.calls);
  const [query, setQuery] = useState(() => sessionStorage.getItem(`search:${sub}`) ?? '');
  const [deleting, setDeleting] = useState<Item | null>(null);
  useEffect(() => void list.load(), [list]);
  useEffect(() => sessionStorage.setItem(`search:${sub}`, query), [sub, query]); // a new sign-in comes back to it
  const { items, cursor, order, loading, error } = listing;
  const found = query ? items.filter((item) => matches(item, query)) : items;
  return (
    <section class="page">
      <div class="heading">
        <h1>Items</h1>
        <p class="count" role="status">
          {count(found.length, items.length, cursor, query)}
        </p>
        <a class="button primary" href="/items/new">
          <Icon name="plus" />
          New item
        </a>
      </div>
      <search class="tools">
        <label class="search">
          <Icon name="search" />
          <span class="hidden">Search in what is loaded</span>
          <input
            type="search"
            placeholder="Search in what is loaded"
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
      {query && items.length > 0 && (
        <p class="notice">
          {cursor
            ? `Only the ${items.length} items that are loaded were searched.`
            : `All ${items.length} items were searched.`}
          {cursor && (
            <button type="button" class="small" disabled={loading} onClick={() => void list.all()}>
              Load the rest and search it
            </button>
          )}
        </p>
      )}
      {items.length === 0 && cursor === null && <Empty />}
      {(found.length > 0 || loading) && (
        <ItemTable
          items={found}
          listing={listing}
          auto={!query}
          onMore={() => void list.more()}
          onDelete={setDeleting}
        />
      )}
      {found.length === 0 && items.length > 0 && !loading && <p class="none">Nothing matches.</p>}
      {error !== null && !loading && (
        <div class="notice error" role="alert">
          <p>
            The list could not be loaded{items.length > 0 && ' any further'}. {tell(error)}
          </p>
          <button type="button" class="small" onClick={() => void list.more()}>
            Try again
          </button>
        </div>
      )}
      {open && (
        <ItemDrawer key={JSON.stringify(open)} list={list} open={open} sub={sub} onDelete={setDeleting} />
      )}
      {deleting && (
        <DeleteDialog
          item={deleting}
          list={list}
          onClose={() => setDeleting(null)}
          onDeleted={() => go('/')}
        />
      )}
    </section>
  );
}

/** Whether every word of the query is somewhere in the item's content, or it is its id. */
function matches(item: Item, query: string): boolean {
  const content = textOf(contentOf(item)).toLocaleLowerCase();
  const words = query.toLocaleLowerCase().split(/\s+/);
  return words.every((word) => content.includes(word)) || item.id === query.trim();
}

function count(found: number, loaded: number, cursor: string | null | undefined, query: string): string {
  if (cursor === undefined) return '';
  const all = cursor ? `${loaded} loaded, more follow` : `${loaded} in all`;
  return query ? `${found} found of ${all}` : all;
}

function Empty() {
  return (
    <div class="empty">
      <h2>No items yet</h2>
      <p>An item is anything worth keeping a record of. Start with what you know; the rest can follow.</p>
      <a class="button primary" href="/items/new">
        <Icon name="plus" />
        Create your first item
      </a>
      <p class="help">
        Or send it from a program: see the <a href="/reference">API reference</a>.
      </p>
    </div>
  );
}
