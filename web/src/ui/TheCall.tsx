/** "The call": the curl line of what the page just did, with the token masked until asked for. */
import { useEffect, useState } from 'preact/hooks';
import { type Call, curl } from '../api/call';
import { useServices } from '../app';
import { Copy, Dialog, Icon } from './parts';

/** It stays where it is put, folded. */
export function TheCall({ call }: { call: Call }) {
  return (
    <details class="call">
      <summary>
        <Icon name="code" />
        The call
        <span class="outcome">
          {call.method} {call.status ?? '…'}
        </span>
      </summary>
      <Line call={call} />
    </details>
  );
}

/** A button that shows it in a dialog, where it would be in the way. */
export function CallButton({ call }: { call: Call | undefined }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="call-button"
        aria-label="The call"
        disabled={!call}
        onClick={() => setOpen(true)}
      >
        <Icon name="code" />
        <span>The call</span>
      </button>
      {open && call && (
        <Dialog title="The call behind this list" kind="box wide" onClose={() => setOpen(false)}>
          <div class="call">
            <Line call={call} />
          </div>
        </Dialog>
      )}
    </>
  );
}

function Line({ call }: { call: Call }) {
  const { sessions } = useServices();
  const [shown, setShown] = useState(false);
  const [token, setToken] = useState<string | null>(null);
  useEffect(() => {
    if (shown) void sessions.shown().then(setToken);
    else setToken(null);
  }, [shown, call]);
  const line = curl(call, token);
  return (
    <>
      <pre tabIndex={0} role="group" aria-label="curl command">
        <code>{line}</code>
      </pre>
      <div class="actions">
        <Copy text={line} what="the line" />
        <label class="check">
          <input
            type="checkbox"
            checked={shown}
            onChange={(event) => setShown(event.currentTarget.checked)}
          />
          Put my token in
        </label>
        <span class="help">
          {[
            call.milliseconds !== null && `${call.milliseconds} ms`,
            call.etag && `ETag ${call.etag}`,
            call.replayed && 'made by an earlier try with the same key',
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      <p class="help">
        {shown
          ? 'The line holds your access token: whoever has it is you, for up to an hour.'
          : 'It takes the token from the shell variable TOKEN.'}
      </p>
    </>
  );
}
