/** The place of the open resource beside the list. What shows it is loaded apart from the first load, but before it is needed. */
import { Suspense } from 'preact/compat';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import type { Resource } from '../api/client';
import type { ResourceList } from '../list/list';
import { shown } from '../list/view';
import { useStore } from '../store';
import { later } from '../ui/later';
import { useView } from './useView';

const load = () => import('./Panel');
const Panel = later(load);

interface Props {
  list: ResourceList;
  open: null | 'new' | { id: string };
  sub: string;
  onDelete: (resource: Resource) => void;
}

export function OpenPanel({ open, ...props }: Props) {
  const { cursor } = useStore(props.list.store);
  const listed = cursor !== undefined;
  useEffect(() => {
    // If it cannot be loaded now, it is loaded when it is opened, and a failure is reported then.
    if (listed) load().catch(() => undefined);
  }, [listed]);
  useLayoutEffect(() => {
    document.body.classList.toggle('with-panel', open !== null);
    return () => document.body.classList.remove('with-panel');
  }, [open !== null]);
  if (!open) return null;
  return (
    <Suspense fallback={null}>
      <Beside {...props} open={open} />
    </Suspense>
  );
}

/** With the entries before and after it in the view. */
function Beside(props: Props & { open: NonNullable<Props['open']> }) {
  const [view] = useView();
  const { entries } = useStore(props.list.store);
  return <Panel {...props} entries={shown(entries, view)} />;
}
