/** Says when what was just written is not in the list that is shown, and offers a way to it. Knows no call. */
import { useEffect, useRef } from 'preact/hooks';
import type { Resource } from '../api/client';
import type { Listing } from '../list/list';
import { nameOf } from '../list/content';
import { needsAll, type View } from '../list/view';
import { Quoted } from '../ui/parts';
import { dismiss, toast } from '../ui/toasts';

export function useHidden({ latest }: Listing, rows: Resource[], view: View, onClear: () => void): void {
  const told = useRef(latest);
  const notice = useRef<number | null>(null);
  useEffect(() => {
    if (!latest || latest === told.current) return;
    told.current = latest;
    if (rows.some(({ id }) => id === latest.id)) return;
    if (notice.current !== null) dismiss(notice.current); // one notice is enough when many are written
    const hides = needsAll({ ...view, sort: { property: 'created_at', descending: true } });
    const by = !view.filters.length ? 'search' : view.search ? 'search and the filters' : 'filters';
    const name = <Quoted text={nameOf(latest)} />;
    notice.current = hides
      ? toast(
          <>
            {name} is not in this list, because it does not match the {by}.
          </>,
          { label: `Clear the ${by}`, run: onClear },
        )
      : toast(<>{name} comes further down in this order.</>);
  }, [latest]);
}
