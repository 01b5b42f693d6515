/** Shows the user's drafts where there are some; they are loaded apart from the first load. */
import { Suspense } from 'preact/compat';
import { useEffect, useState } from 'preact/hooks';
import { later } from '../ui/later';
import { keptBy } from './kept';

const DraftsButton = later(() => import('./DraftsButton'));

interface Props {
  sub: string;
  open: null | 'new' | { id: string };
}

export function KeptDrafts({ sub, open }: Props) {
  const [some, setSome] = useState(() => keptBy(sub).length > 0);
  useEffect(() => {
    // Whatever was typed is a draft by the time that the panel shows something else.
    const look = () => setSome(keptBy(sub).length > 0);
    look();
    addEventListener('storage', look);
    return () => removeEventListener('storage', look);
  }, [sub, open]);
  if (!some) return null;
  return (
    <Suspense fallback={null}>
      <DraftsButton sub={sub} open={open} />
    </Suspense>
  );
}
