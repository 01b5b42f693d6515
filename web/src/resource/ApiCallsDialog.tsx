/** The API calls that the page made, as curl commands; the token is hidden until the user asks for it. Knows no resource. */
import { useEffect, useId, useState } from 'preact/hooks';
import { type Call, curl } from '../api/call';
import { useServices } from '../services';
import { Copy, Dialog } from '../ui/parts';
import './ApiCalls.css';

interface Props {
  /** Newest first. */
  calls: Call[];
}

export default function ApiCallsDialog({ calls, onClose }: Props & { onClose: () => void }) {
  return (
    <Dialog title="API calls" kind="box wide" onClose={onClose}>
      <div class="call">
        <Commands calls={calls} />
      </div>
    </Dialog>
  );
}

function outcome({ method, status }: Call): string {
  return `${method} ${status ?? '…'}`;
}

function Commands({ calls }: Props) {
  const { api } = useServices();
  const id = useId();
  const [number, setNumber] = useState(0);
  const call = calls.find((one) => one.number === number) ?? calls[0];
  if (!call) return null;
  return (
    <>
      {calls.length > 1 && (
        <div class="which">
          <label for={id}>Call</label>
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
      <Command call={call} />
    </>
  );
}

function Command({ call }: { call: Call }) {
  const { sessions } = useServices();
  const [withToken, setWithToken] = useState(false);
  const [token, setToken] = useState<string | null>(null);
  useEffect(() => {
    if (withToken) setToken(sessions.current());
    else setToken(null);
  }, [withToken, call]);
  const command = curl(call, token);
  return (
    <>
      <pre tabIndex={0} role="group" aria-label="curl command">
        <code>{command}</code>
      </pre>
      <div class="actions">
        <Copy text={command} what="command" />
        <label class="check">
          <input
            type="checkbox"
            checked={withToken}
            onChange={(event) => setWithToken(event.currentTarget.checked)}
          />
          Include my access token
        </label>
        <span class="help">
          {[
            call.milliseconds !== null && `${call.milliseconds} ms`,
            call.etag && `ETag ${call.etag}`,
            call.replayed && 'done by an earlier attempt with the same key',
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      <p class="help">
        {withToken
          ? 'The command contains your access token. Whoever has it can act as you for up to an hour.'
          : 'The command reads the token from the shell variable TOKEN.'}
      </p>
    </>
  );
}
