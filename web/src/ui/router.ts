/** The address and the tab's history: what is open, the query of the view below it, and the way back. Knows no page. */
import { collection, has, trash } from '../contract/service';
import { Store } from '../store';
import { dropPlacesFrom, keepPlace, seekPlace } from './scroll';

export type Route =
  | { page: 'list'; open: null }
  | { page: 'list'; open: 'new' | { id: string } }
  | { page: 'trash' }
  | { page: 'reference' }
  | { page: 'unknown' };

export interface Address {
  path: string;
  /** Without `?`: the view of a list, as list/address.ts reads it. It stays while something is opened above the list and closed. */
  query: string;
}

/** What the app stores with each history entry. */
interface Entry {
  index: number;
  /** Whether it was opened above the list, which is the entry before. */
  above: boolean;
}

const now = (): Address => ({ path: location.pathname, query: location.search.slice(1) });

/** The whole address. `path` is for what does not depend on the query, which changes with every character of a search. */
export const address = new Store<Address>(now());
export const path = new Store<string>(location.pathname);
let current = (history.state as Entry | null) ?? { index: 0, above: false };
let closing = false;

history.scrollRestoration = 'manual';
history.replaceState(current, '');
seekPlace(current.index);
addEventListener('pagehide', () => keepPlace(current.index));
addEventListener('popstate', () => {
  const [before, query] = [current, address.state.query];
  closing = false;
  current = (history.state as Entry | null) ?? { index: 0, above: false };
  const closed = before.above && current.index === before.index - 1;
  const opened = current.above && before.index === current.index - 1;
  keepPlace(before.index);
  if (closed || opened) history.replaceState(current, '', hrefOf(location.pathname, query));
  else seekPlace(current.index);
  moved(routeOf(address.state.path).page);
});

/**
 * Go to another path of the app; with `replace`, without a new history entry. What is opened keeps the query of the list below,
 * unless `to` has one, and replaces what was open before. A new page starts at its top and takes the focus.
 */
export function go(to: string, { replace = false } = {}): void {
  if (closing) {
    addEventListener('popstate', () => go(to, { replace }), { once: true });
    return;
  }
  const [before, target] = [routeOf(location.pathname), new URL(to, location.origin)];
  const after = routeOf(target.pathname);
  const opens = after.page === 'list' && after.open !== null;
  const above = opens && before.page === 'list';
  const keeps = above && (!replace || before.open !== null) && !to.includes('?');
  const query = keeps ? location.search : target.search;
  const href = target.pathname + query + target.hash;
  if (href === location.pathname + location.search + location.hash) return;
  if (replace || (above && before.open !== null)) {
    current = { ...current, above: opens && current.above };
    history.replaceState(current, '', href);
  } else {
    keepPlace(current.index);
    current = { index: current.index + 1, above };
    dropPlacesFrom(current.index);
    history.pushState(current, '', href);
  }
  if (moved(before.page)) scrollTo(0, 0);
}

/** Take another path as the tab's address, without the query of the current one: the way back from the sign-in page. */
export function arrive(at: string): void {
  history.replaceState(current, '', at);
  moved(routeOf(address.state.path).page);
}

/** Close what is open above the page at `to`: go back if that page is the entry before, so that the history does not grow. */
export function closeTo(to: string): void {
  if (closing) return;
  if (!current.above) {
    go(to + location.search, { replace: true });
    return;
  }
  closing = true;
  history.back();
}

/** Replace the query of the current address. */
export function setQuery(query: string): void {
  if (query === address.state.query) return;
  history.replaceState(current, '', hrefOf(location.pathname, query));
  address.state = now();
}

/** Open a path of the app in a tab of its own. Without `noopener` that tab would get a copy of this one's session. */
export function openApart(to: string): void {
  window.open(to, '_blank', 'noopener');
}

export function routeOf(pathname: string): Route {
  if (pathname === '/reference') return { page: 'reference' };
  if (pathname === '/' || pathname === collection) return { page: 'list', open: null };
  if (pathname === trash && has('restore')) return { page: 'trash' };
  if (pathname === `${collection}/new`) return { page: 'list', open: 'new' };
  const id = /^\/([0-9a-f-]{36})$/.exec(pathname.slice(collection.length))?.[1];
  return id && pathname.startsWith(collection) ? { page: 'list', open: { id } } : { page: 'unknown' };
}

/** Handle a click on a link within the app without loading the page; other clicks (new tab, other button) are the browser's. */
export function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest('a');
  const own = link?.origin === location.origin && !link.target && !link.hasAttribute('download');
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !own || !plain || event.defaultPrevented || link.hash || link.dataset['file'] !== undefined)
    return;
  event.preventDefault();
  go(link.pathname + link.search);
}

function hrefOf(pathname: string, query: string): string {
  return pathname + (query && `?${query}`);
}

/** Show the new address. Return whether it is another page, which takes the focus. */
function moved(before: Route['page']): boolean {
  address.state = now();
  if (path.state !== location.pathname) path.state = location.pathname;
  if (routeOf(location.pathname).page === before) return false;
  document.getElementById('main')?.focus({ preventScroll: true });
  return true;
}
