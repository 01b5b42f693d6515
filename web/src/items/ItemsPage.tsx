/** The list of items, and the open item above it. */
import { useEffect, useState } from 'preact/hooks';
import type { Item } from '../api/client';
import { messageOf } from '../api/problem';
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
  useEffect(() => sessionStorage.setItem(`search:${sub}`, query), [sub, query]); // kept across a new sign-in
  const { items, cursor, order, loading, error } = listing;
  const matching = query ? items.filter((item) => matches(item, query)) : items;
  return (
    <section class="page">
      <div class="heading">
        <h1>Items</h1>
        <p class="count" role="status">
          {count(matching.length, items.length, cursor, query)}
        </p>
        <a class="button primary" href="/items/new">
          <Icon name="plus" />
          New item
        </a>
      </div>
      <search class="tools">
        <label class="search">
          <Icon name="search" />
          <span class="hidden">Search items</span>
          <input
            type="search"
            placeholder="Search items"
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
            ? `Searched only the items loaded so far (${items.length}).`
            : `Searched all items (${items.length}).`}
          {cursor && (
            <button type="button" class="small" disabled={loading} onClick={() => void list.all()}>
              Load all and search
            </button>
          )}
        </p>
      )}
      {items.length === 0 && cursor === null && <Empty />}
      {(matching.length > 0 || loading) && (
        <ItemTable
          items={matching}
          listing={listing}
          auto={!query}
          onMore={() => void list.more()}
          onDelete={setDeleting}
        />
      )}
      {matching.length === 0 && items.length > 0 && !loading && <p class="none">No items match.</p>}
      {error !== null && !loading && (
        <div class="notice error" role="alert">
          <p>
            {items.length > 0 ? 'More items' : 'The items'} could not be loaded. {messageOf(error)}
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

/** Return whether every word of the query occurs in the item's content, or the query is its ID. */
function matches(item: Item, query: string): boolean {
  const content = textOf(contentOf(item)).toLocaleLowerCase();
  const words = query.toLocaleLowerCase().split(/\s+/);
  return words.every((word) => content.includes(word)) || item.id === query.trim();
}

function count(matching: number, loaded: number, cursor: string | null | undefined, query: string): string {
  if (cursor === undefined) return '';
  const items = loaded === 1 ? '1 item' : `${loaded} items`;
  const all = cursor ? `${items} loaded, more available` : items;
  return query ? `${matching} of ${all}` : all;
}

function Empty() {
  return (
    <div class="empty">
      <h2>No items yet</h2>
      <p>
        An item is anything you want to keep a record of. Start with what you know, and add the rest later.
      </p>
      <a class="button primary" href="/items/new">
        <Icon name="plus" />
        Create your first item
      </a>
      <p class="help">
        Or create items from a program: see the <a href="/reference">API reference</a>.
      </p>
    </div>
  );
}
