/** The view of the list on the page, which is in its address. Knows no entry. */
import { useCallback, useMemo } from 'preact/hooks';
import { queryOf, viewOf } from '../list/address';
import type { View } from '../list/view';
import { useStore } from '../store';
import { address, setQuery } from '../ui/router';

/** Return the view, and a function that changes parts of it. */
export function useView(): [View, (part: Partial<View>) => void] {
  const { query } = useStore(address);
  const view = useMemo(() => read(query), [query]);
  const change = useCallback((part: Partial<View>) => {
    setQuery(queryOf({ ...viewOf(address.state.query), ...part }));
  }, []);
  return [view, change];
}

let last = { query: '', view: viewOf('') };

/** Return the same view for the same query, so that what was made of it can be kept. */
function read(query: string): View {
  if (last.query !== query) last = { query, view: viewOf(query) };
  return last.view;
}
