/** Loads what a view needs, when it needs it, and again when the user is back. Knows no markup. */
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { Listing, ResourceList } from '../list/list';
import { needsAll, prepare, type View } from '../list/view';
import { countRows, useKeptPlace, wantedPlace } from '../ui/scroll';

export function useLoading(list: ResourceList, listing: Listing, view: View): void {
  const { property, descending } = view.sort;
  const order = property === 'created_at' && !descending ? 'asc' : 'desc';
  const all = needsAll(view);
  useEffect(() => void list.load(order), [list, order]);
  useEffect(() => {
    if (all) void list.all();
    return () => list.stop();
  }, [list, all]);
  useRefresh(list);
  usePlace(list, listing);
  usePreparation(listing);
}

/** Prepare a search while the browser has nothing to do, so that its first character takes no longer than the others. */
function usePreparation({ entries }: Listing): void {
  useEffect(() => {
    if (!('requestIdleCallback' in window)) return;
    let wait = requestIdleCallback(work);
    function work(deadline: IdleDeadline): void {
      if (!prepare(entries, () => deadline.timeRemaining() < 2)) wait = requestIdleCallback(work);
    }
    return () => cancelIdleCallback(wait);
  }, [entries]);
}

/** Read the list again when the window has the focus again. */
function useRefresh(list: ResourceList): void {
  useEffect(() => {
    const refresh = () => {
      if (!document.hidden) void list.refresh();
    };
    addEventListener('focus', refresh);
    document.addEventListener('visibilitychange', refresh);
    return () => {
      removeEventListener('focus', refresh);
      document.removeEventListener('visibilitychange', refresh);
    };
  }, [list]);
}

/** Load as many rows as the page had when it was left, and scroll to where it was. */
function usePlace(list: ResourceList, { entries, cursor, loading, reloading, error }: Listing): void {
  const [place] = useState(wantedPlace);
  const lacks = (place?.rows ?? 0) - entries.length;
  const idle = !loading && !reloading && error === null;
  useEffect(() => {
    if (lacks > 0 && cursor && idle) void list.more(lacks);
  }, [list, lacks, cursor, idle]);
  useKeptPlace(cursor === null || (cursor !== undefined && lacks <= 0));
  useLayoutEffect(() => {
    countRows(entries.length);
    return () => countRows(0);
  }, [entries.length]);
}
