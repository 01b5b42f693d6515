/** Leaving for a sign-in page: what a button needs for that. Knows no markup. */
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../api/problem';

interface Leaving {
  /** Run what leads to another page. */
  leave: (how: () => Promise<void>) => void;
  leaving: boolean;
  /** Why the page was not left; empty otherwise. */
  failure: string;
}

export function useLeaving(): Leaving {
  const [leaving, setLeaving] = useState(false);
  const [failure, setFailure] = useState('');
  useEffect(() => {
    const back = () => setLeaving(false); // the browser may show the page as it was left
    addEventListener('pageshow', back);
    return () => removeEventListener('pageshow', back);
  }, []);
  const leave = (how: () => Promise<void>) => {
    setLeaving(true);
    setFailure('');
    how().catch((error: unknown) => {
      setLeaving(false);
      setFailure(messageOf(error));
    });
  };
  return { leave, leaving, failure };
}
