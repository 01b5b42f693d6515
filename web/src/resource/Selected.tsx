/** The bar of what can be done to the selected rows, loaded when the first is selected. Knows not what can be done. */
import type { ComponentType } from 'preact';
import { Suspense } from 'preact/compat';
import type { Resource } from '../api/client';
import type { Lists } from '../list/list';
import { chosen, type Selection } from '../list/selection';
import { useStore } from '../store';
import { later } from '../ui/later';

interface BarProps {
  /** The selected ones that are shown, in their order. */
  entries: readonly Resource[];
  lists: Lists;
  onClear: () => void;
}

export const BulkBar = later<BarProps>(() => import('./bulk/BulkBar'));
export const TrashBar = later<BarProps>(() => import('./bulk/TrashBar'));

interface Props {
  selection: Selection;
  /** What is shown, in its order. */
  rows: readonly Resource[];
  lists: Lists;
  bar: ComponentType<BarProps>;
}

export function Selected({ selection, rows, lists, bar: Bar }: Props) {
  const entries = chosen(useStore(selection.store), rows);
  if (!entries.length) return null;
  return (
    <Suspense fallback={null}>
      <Bar entries={entries} lists={lists} onClear={() => selection.clear()} />
    </Suspense>
  );
}
