/** "The call": the curl lines of what the page just did, with the token masked until asked for. */
import { useEffect, useId, useState } from 'preact/hooks';
import { type Call, curl } from '../api/call';
import { useServices } from '../services';
import { Copy, Dialog, Icon } from '../ui/parts';
import './ApiCalls.css';

interface Props {
  /** The newest first. */
  calls: Call[];
}

/** It stays where it is put, folded. */
export function ApiCalls({ calls }: Props) {
  return (
    <details class="call">
      <summary>
        <Icon name="code" />
        The call
        <span class="outcome">{calls[0] && outcome(calls[0])}</span>
      </summary>
      <Lines calls={calls} />
    </details>
  );
}

/** A button that shows it in a dialog, where it would be in the way. */
export function ApiCallsButton({ calls }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="call-button"
        aria-label="The call"
        disabled={calls.length === 0}
        onClick={() => setOpen(true)}
      >
        <Icon name="code" />
        <span>The call</span>
      </button>
      {open && (
        <Dialog title="What this page asked of the API" kind="box wide" onClose={() => setOpen(false)}>
          <div class="call">
            <Lines calls={calls} />
          </div>
        </Dialog>
      )}
    </>
  );
}

function outcome({ method, status }: Call): string {
  return `${method} ${status ?? '…'}`;
}

function Lines({ calls }: Props) {
  const { api } = useServices();
  const id = useId();
  const [number, setNumber] = useState(0);
  const call = calls.find((one) => one.number === number) ?? calls[0];
  if (!call) return null;
  return (
    <>
      {calls.length > 1 && (
        <div class="which">
          <label for={id}>Which call</label>
          <select
            id={id}
            value={call.number}
            onChange={(event) => setNumber(Number(event.currentTarget.value))}
          >
            {calls.map((one) => (
              <option key={one.number} value={one.number}>
                {outcome(one)} {one.url.slice(api.base.length)}
              </option>
            ))}
          </select>
        </div>
      )}
      <Line call={call} />
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
