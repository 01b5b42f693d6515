/** The current path, as a store. */
import { collection, has, trash } from '../contract/service';
import { Store } from '../store';

export type Route =
  | { page: 'list'; open: null }
  | { page: 'list'; open: 'new' | { id: string } }
  | { page: 'trash' }
  | { page: 'reference' }
  | { page: 'unknown' };

export const path = new Store(location.pathname);
addEventListener('popstate', () => {
  path.state = location.pathname;
});

/** Go to another path of the app; with `replace`, without a new history entry. A new page starts at its top and takes the focus. */
export function go(to: string, replace = false): void {
  if (to === location.pathname + location.search + location.hash) return;
  const before = routeOf(location.pathname).page;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  path.state = location.pathname;
  if (routeOf(location.pathname).page === before) return;
  scrollTo(0, 0);
  document.getElementById('main')?.focus();
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
  go(link.pathname);
}
