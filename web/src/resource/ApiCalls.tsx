/** A button that shows the API calls that the page made. */
import { Suspense } from 'preact/compat';
import { useState } from 'preact/hooks';
import type { Call } from '../api/call';
import { later } from '../ui/later';
import { Icon } from '../ui/parts';
import './ApiCalls.css';

const ApiCallsDialog = later(() => import('./ApiCallsDialog'));

interface Props {
  /** Newest first. */
  calls: Call[];
}

export function ApiCallsButton({ calls }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="call-button"
        aria-label="API calls"
        disabled={calls.length === 0}
        onClick={() => setOpen(true)}
      >
        <Icon name="code" />
        <span>API calls</span>
      </button>
      {open && (
        <Suspense fallback={null}>
          <ApiCallsDialog calls={calls} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
