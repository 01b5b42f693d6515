/** The place of the open resource beside the list. What shows it is loaded apart from the first load, but before it is needed. */
import { Suspense } from 'preact/compat';
import { useLayoutEffect } from 'preact/hooks';
import { shown } from '../list/view';
import { useStore } from '../store';
import { later } from '../ui/later';
import type { PanelProps } from './Panel';
import { useView } from './useView';

const load = () => import('./Panel');
const Panel = later(load);

/** Load it before it is needed: opening begins with the pointer or the focus. `later` reports a failure. */
export function preparePanel(): void {
  load().catch(() => undefined);
}

interface Props extends Omit<PanelProps, 'entries' | 'open'> {
  open: PanelProps['open'] | null;
}

export function OpenPanel({ open, ...props }: Props) {
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
function Beside(props: Omit<PanelProps, 'entries'>) {
  const [view] = useView();
  const { entries } = useStore(props.list.store);
  return <Panel {...props} entries={shown(entries, view)} />;
}
